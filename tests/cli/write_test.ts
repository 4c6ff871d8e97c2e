import { writeBytes, writeLine } from "../../cli/write.ts";
import { assertEquals, assertRejects, assertThrows } from "../assert.ts";

/** A non-blocking pipe that is full after every two bytes. */
class FullPipe {
  text = "";
  #isFull = true;

  writeSync(bytes: Uint8Array): number {
    this.#isFull = !this.#isFull;
    if (this.#isFull) throw new Deno.errors.WouldBlock("full");
    const piece = bytes.subarray(0, 2);
    this.text += new TextDecoder().decode(piece);
    return piece.length;
  }

  async write(bytes: Uint8Array): Promise<number> {
    return await Promise.resolve(this.writeSync(bytes));
  }
}

Deno.test({
  name: "writes to a full non-blocking pipe are tried again",
  permissions: "none",
  async fn() {
    const pipe = new FullPipe();
    writeLine(pipe, "hello");
    assertEquals(pipe.text, "hello\n");
    const other = new FullPipe();
    await writeBytes(other, new TextEncoder().encode("hello"));
    assertEquals(other.text, "hello");
  },
});

Deno.test({
  name: "writes rethrow other errors",
  permissions: "none",
  async fn() {
    const broken = {
      writeSync(): number {
        throw new Deno.errors.BrokenPipe("gone");
      },
      write: () => Promise.reject(new Deno.errors.BrokenPipe("gone")),
    };
    assertThrows(() => writeLine(broken, "x"), Deno.errors.BrokenPipe);
    await assertRejects(
      () => writeBytes(broken, new Uint8Array(1)),
      Deno.errors.BrokenPipe,
    );
  },
});
