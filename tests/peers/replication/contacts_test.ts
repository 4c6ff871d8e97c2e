import { Contacts } from "../../../peers/replication/contacts.ts";
import { assertEquals } from "../../assert.ts";

const forgetSeconds = 100;

/** Servers with one clock, which a test sets. */
function open() {
  const clock = { now: 0 };
  const start = () => new Contacts(() => clock.now, forgetSeconds);
  const servers = new Map<string, Contacts>();
  const boot = (...names: string[]) => {
    for (const name of names) servers.set(name, start());
  };
  /**
   * Two servers tell each other their contacts, and catch up unless that is cut
   * short. Returns whether they take reports from each other.
   */
  const meet = (one: string, other: string, isCutShort = false): boolean => {
    const [a, b] = [servers.get(one)!, servers.get(other)!];
    const [toB, toA] = [a.agesFor(other), b.agesFor(one)];
    const areApart = a.areApart(other, toA);
    assertEquals(b.areApart(one, toB), areApart, "both decide alike");
    if (areApart) return false;
    a.takeOver(other, toA);
    b.takeOver(one, toB);
    if (isCutShort) return true;
    a.meet(other, toA);
    b.meet(one, toB);
    return true;
  };
  return { boot, clock, meet, servers };
}

Deno.test({
  name:
    "servers that were apart for longer than deletions are kept do not meet",
  permissions: "none",
  fn() {
    const { boot, clock, meet } = open();
    boot("A", "B");
    assertEquals(meet("A", "B"), true);
    clock.now += forgetSeconds;
    assertEquals(meet("A", "B"), true);
    clock.now += forgetSeconds + 1;
    assertEquals(meet("A", "B"), false);
    // One of them is restarted.
    boot("B");
    assertEquals(meet("A", "B"), true);
  },
});

Deno.test({
  name: "a server that was down for long is given everything, by any neighbour",
  permissions: "none",
  fn() {
    const { boot, clock, meet } = open();
    boot("A", "B", "C");
    for (const other of ["B", "C"]) meet("A", other);
    for (let day = 0; day < 9; day++) {
      clock.now += forgetSeconds / 2;
      meet("A", "B");
    }
    // C was down. B learns from A that it is back.
    boot("C");
    assertEquals(meet("A", "C"), true);
    assertEquals(meet("A", "B"), true);
    assertEquals(meet("B", "C"), true);
  },
});

Deno.test({
  name: "contact by way of other servers counts",
  permissions: "none",
  fn() {
    const { boot, clock, meet } = open();
    boot("A", "B", "C");
    for (let day = 0; day < 9; day++) {
      meet("A", "B");
      meet("B", "C");
      clock.now += forgetSeconds / 2;
    }
    // Their own link was down all the time.
    assertEquals(meet("A", "C"), true);
  },
});

Deno.test({
  name:
    "two parts of a herd that were apart do not meet, whoever was restarted",
  permissions: "none",
  fn() {
    const { boot, clock, meet } = open();
    boot("A", "B", "C", "D");
    for (const [one, other] of ["AB", "CD", "BC"]) meet(one, other);
    for (let day = 1; day < 9; day++) {
      clock.now += forgetSeconds / 2;
      // Every server is upgraded in turn, and gets the reports of its part.
      boot("ABCD"[day % 4]);
      meet("A", "B");
      meet("C", "D");
    }
    for (const [one, other] of ["AC", "AD", "BC", "BD"]) {
      assertEquals(meet(one, other), false);
    }
    // All of one part are restarted, one after the other before they meet.
    boot("C", "D");
    assertEquals(meet("B", "C"), true);
    assertEquals(meet("C", "D"), true);
    // A hears of that from B, and D too.
    assertEquals(meet("A", "D"), false);
    for (const [one, other] of ["BC", "AB", "AD"]) {
      assertEquals(meet(one, other), true);
    }
  },
});

Deno.test({
  name: "a server that has some reports of another has its contacts",
  permissions: "none",
  fn() {
    const { boot, clock, meet } = open();
    boot("A", "B", "C");
    meet("A", "B");
    meet("B", "C");
    clock.now += forgetSeconds / 2;
    meet("A", "B");
    clock.now += forgetSeconds / 2 + 1;
    meet("A", "B");
    boot("A");
    assertEquals(meet("A", "B", true), true);
    assertEquals(meet("A", "C"), false);
  },
});
