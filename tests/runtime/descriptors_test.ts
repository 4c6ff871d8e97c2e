import {
  DescriptorReserve,
  isOutOfDescriptors,
  recoveryIntervalMs,
  reservedDescriptors,
} from "../../runtime/descriptors.ts";
import { assertEquals, assertRejects } from "../assert.ts";
import { ManualClock } from "../fakes/manual_clock.ts";

/** A system with this many descriptors, and a reserve in it. */
function open(free: number) {
  const clock = new ManualClock();
  const system = { free, fault: undefined as Error | undefined };
  const calls: string[] = [];
  const reserve = new DescriptorReserve({
    clock,
    open(count) {
      if (system.fault !== undefined) return Promise.reject(system.fault);
      const opened = Math.min(count, system.free);
      system.free -= opened;
      return Promise.resolve(Array.from({ length: opened }, () => ({
        close: () => void (system.free += 1),
      })));
    },
  });
  const user = (name: string, frees: number[] = []) => {
    reserve.add({
      onShortage() {
        calls.push(`${name} shortage`);
        const freed = frees.shift() ?? 0;
        system.free += freed;
        return freed;
      },
      onRecovery: () => void calls.push(`${name} recovery`),
    });
  };
  return { calls, clock, reserve, system, user };
}

Deno.test({
  name: "a reserve is released when there are no other descriptors",
  permissions: "none",
  async fn() {
    const { calls, clock, reserve, system, user } = open(100);
    user("clients");
    await reserve.fill();
    assertEquals([reserve.size, system.free], [reservedDescriptors, 68]);
    system.free = 0;
    assertEquals(reserve.relieve(), true);
    assertEquals([reserve.size, system.free], [0, reservedDescriptors]);
    // There is nothing more to release.
    system.free = 0;
    assertEquals(reserve.relieve(), false);
    assertEquals(calls, ["clients shortage", "clients shortage"]);
    reserve.close();
    assertEquals(clock.timers, 0);
  },
});

Deno.test({
  name: "the reserve and other users are spared if one user frees descriptors",
  permissions: "none",
  async fn() {
    const { calls, reserve, system, user } = open(100);
    user("peers", [5, 0]);
    user("clients");
    await reserve.fill();
    system.free = 0;
    assertEquals(reserve.relieve(), true);
    assertEquals([reserve.size, system.free], [reservedDescriptors, 5]);
    assertEquals(calls, ["peers shortage"]);
    system.free = 0;
    assertEquals(reserve.relieve(), true);
    assertEquals(reserve.size, 0);
    assertEquals(calls.slice(1), ["peers shortage", "clients shortage"]);
    reserve.close();
  },
});

Deno.test({
  name: "a reserve is filled again when enough other descriptors are free",
  permissions: "none",
  async fn() {
    const { calls, clock, reserve, system, user } = open(1_000);
    user("clients");
    await reserve.fill();
    system.free = 0;
    reserve.relieve();
    calls.length = 0;
    // What was released is all there is: it would be released at once again.
    await clock.advance(3 * recoveryIntervalMs);
    assertEquals([reserve.size, system.free], [0, reservedDescriptors]);
    system.free = 2 * reservedDescriptors - 1;
    await clock.advance(recoveryIntervalMs);
    assertEquals([reserve.size, system.free], [0, 2 * reservedDescriptors - 1]);
    system.fault = new Error("no space left on device");
    await clock.advance(recoveryIntervalMs);
    assertEquals(calls, []);
    system.fault = undefined;
    system.free = 2 * reservedDescriptors;
    await clock.advance(recoveryIntervalMs);
    assertEquals(
      [reserve.size, system.free],
      [reservedDescriptors, reservedDescriptors],
    );
    assertEquals(calls, ["clients recovery"]);
    assertEquals(clock.timers, 0);
    reserve.close();
    assertEquals(system.free, 2 * reservedDescriptors);
  },
});

Deno.test({
  name: "a reserve leaves half of the descriptors if there are few",
  permissions: "none",
  async fn() {
    const { clock, reserve, system } = open(30);
    await reserve.fill();
    assertEquals([reserve.size, system.free], [15, 15]);
    system.free = 0;
    reserve.relieve();
    system.free = 30;
    await clock.advance(recoveryIntervalMs);
    assertEquals([reserve.size, system.free], [15, 15]);
    reserve.close();
  },
});

Deno.test({
  name: "a reserve that cannot be filled stays empty, and gives the reason",
  permissions: "none",
  async fn() {
    const { calls, clock, reserve, system, user } = open(100);
    user("clients");
    system.fault = new Error("no space left on device");
    await assertRejects(() => reserve.fill(), Error, "no space left");
    assertEquals(reserve.relieve(), false);
    system.fault = undefined;
    system.free = 0;
    await clock.advance(recoveryIntervalMs);
    assertEquals(calls, ["clients shortage"]);
    system.free = 1;
    await clock.advance(recoveryIntervalMs);
    assertEquals(calls, ["clients shortage", "clients recovery"]);
    reserve.close();
  },
});

Deno.test({
  name: "a closed reserve holds nothing, also when it is being filled",
  permissions: "none",
  async fn() {
    const { reserve, system } = open(100);
    const filled = reserve.fill();
    reserve.close();
    await filled;
    assertEquals([reserve.size, system.free], [0, 100]);
    assertEquals(reserve.relieve(), false);
    reserve.close();
  },
});

Deno.test({
  name: "isOutOfDescriptors() recognizes the errors of process and system",
  permissions: "none",
  fn() {
    const cases: [unknown, boolean][] = [
      [new Error("Too many open files (os error 24)"), true],
      [new Error("Too many open files in system (os error 23)"), true],
      ["Error: too many open files", true],
      [new Deno.errors.NotFound("No such file or directory"), false],
      [undefined, false],
    ];
    for (const [error, expected] of cases) {
      assertEquals(isOutOfDescriptors(error), expected);
    }
  },
});
