import { ReadBuffer } from "../../runtime/transport.ts";
import { assert, assertEquals } from "../assert.ts";

Deno.test({
  name: "ReadBuffer starts small, grows while reads fill it, and shrinks again",
  permissions: "none",
  fn() {
    const reading = new ReadBuffer();
    const { length: idle } = reading.buffer;
    assert(idle <= 256);
    for (let reads = 0; reads < 20; reads++) {
      reading.noteRead(reading.buffer.length);
    }
    const { length: busy } = reading.buffer;
    assertEquals(busy, 64 * 1024);
    // One small read has no effect, nor have many with large ones between.
    for (let reads = 0; reads < 1_000; reads++) {
      reading.noteRead(reads % 10 === 0 ? 5_000 : 1);
    }
    assertEquals(reading.buffer.length, busy);
    for (let reads = 0; reads < 100; reads++) reading.noteRead(1);
    assertEquals(reading.buffer.length, idle);
  },
});

Deno.test({
  name: "noteRead() does not change the bytes of the last chunk",
  permissions: "none",
  fn() {
    const reading = new ReadBuffer();
    const chunk = reading.buffer;
    reading.noteRead(chunk.length);
    assert(reading.buffer !== chunk);
    const larger = reading.buffer;
    reading.noteRead(1);
    assertEquals(reading.buffer, larger);
  },
});
