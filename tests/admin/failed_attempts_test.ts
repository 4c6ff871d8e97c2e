import { FailedAttempts } from "../../admin/failed_attempts.ts";
import {
  maxFailedAttempts,
  maxRememberedAddresses,
} from "../../admin/limits.ts";
import { assertEquals } from "../assert.ts";
import { ManualClock } from "../fakes/manual_clock.ts";

Deno.test({
  name: "FailedAttempts remembers a limited number of addresses",
  permissions: "none",
  fn() {
    const attempts = new FailedAttempts(new ManualClock());
    for (let count = 0; count < maxFailedAttempts; count++) attempts.add("a");
    assertEquals(attempts.waitSeconds("a"), 60);
    for (let index = 1; index < maxRememberedAddresses; index++) {
      attempts.add(`b${index}`);
    }
    assertEquals(attempts.waitSeconds("a"), 60);
    attempts.add("c");
    assertEquals(attempts.waitSeconds("a"), 0);
  },
});
