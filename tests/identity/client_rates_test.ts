import { ClientRates } from "../../identity/client_rates.ts";
import type { Identity } from "../../identity/identity.ts";
import { assertEquals } from "../assert.ts";

const identityOf = (subject: string) => ({ subject }) as Identity;

Deno.test({
  name: "each connection and each identity has its rates",
  permissions: "none",
  fn() {
    const rates = new ClientRates({ report: 2, query: Infinity });
    const mira = identityOf("mira");
    const [one, two] = [mira, mira].map((who) => rates.ofConnection(who, 0));
    const eve = rates.ofConnection(identityOf("eve"), 0);
    const anyone = rates.ofConnection(undefined, 0);
    one.use("report", 0);
    two.use("report", 0);
    // The identity has used a second's worth, each connection half of it.
    assertEquals([one, two].map((of) => of.waitMs("report", 0)), [500, 500]);
    assertEquals([eve, anyone].map((of) => of.waitMs("report", 0)), [0, 0]);
    assertEquals([one, two].map((of) => of.waitMs("report", 500)), [0, 0]);
    anyone.use("report", 500);
    anyone.use("report", 500);
    assertEquals(anyone.waitMs("report", 500), 500);
    assertEquals(rates.ofConnection(undefined, 500).waitMs("report", 500), 0);
    // A new connection of an identity has no new rate.
    one.use("report", 500);
    assertEquals(rates.ofConnection(mira, 500).waitMs("report", 500), 500);
    for (let uses = 0; uses < 1_000; uses++) one.use("query", 500);
    assertEquals(one.waitMs("query", 500), 0);
  },
});
