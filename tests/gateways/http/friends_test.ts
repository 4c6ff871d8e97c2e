import { Friends } from "../../../gateways/http/friends.ts";
import {
  friendsPerPage,
  maxFriendsAnswerBytes,
  maxPhoneBytes,
  maxPhonesBytes,
  phoneSilenceMs,
} from "../../../gateways/http/limits.ts";
import { ClientPatterns } from "../../../identity/patterns.ts";
import type { Identity } from "../../../identity/identity.ts";
import { parseReport } from "../../../protocol/report.ts";
import { Settling } from "../../../replica/settling.ts";
import { LimitCounts } from "../../../runtime/limit_counts.ts";
import { Turns, Workload } from "../../../runtime/turns.ts";
import { assert, assertEquals } from "../../assert.ts";
import { drainMicrotasks, ManualClock } from "../../fakes/manual_clock.ts";
import { MemoryReplica } from "../../fakes/memory_replica.ts";

const pure = { permissions: "none" } as const;

/** An identity that may see the clients of these patterns. */
function identityOf(subject: string, ...sees: readonly string[]): Identity {
  const patterns = new ClientPatterns(sees);
  return {
    subject,
    sees,
    reports: [],
    lastOnly: false,
    role: undefined,
    endsAt: Infinity,
    mayReport: () => true,
    mayReportSpan: () => true,
    maySee: (client) => patterns.includes(client),
    endAt: () => undefined,
  };
}

/** Friends on a replica in memory. */
function open(replica = new MemoryReplica()) {
  const clock = new ManualClock();
  const counts = new LimitCounts(clock, () => {});
  const turns = new Turns(clock);
  const friends = new Friends({ clock, counts, replica, turns });
  let time = 0;
  /** Puts a report of a client into the replica. */
  const put = (client: string, latitude = 1, attributes = "") => {
    const record = `AT Hill +1.000000000 ${client} +${latitude}+2 3${
      attributes && ` ${attributes}`
    }`;
    replica.put(parseReport(record, () => true)!, new Settling());
  };
  /** The locations and cards that a phone is sent. */
  const ask = async (
    identity: Identity,
    phone = identity.subject,
    at: string | undefined = `${time++}`,
  ) => {
    return await friends.answer(identity, phone, at, new Workload());
  };
  /** The friends in an answer, with their latitudes. */
  const askFor = async (...args: Parameters<typeof ask>) =>
    JSON.parse(await ask(...args))
      .filter(({ _type }: { _type: string }) => _type === "location")
      .map(({ lat, topic }: { lat: number; topic: string }) =>
        `${topic.replace("owntracks/", "")} ${lat}`
      );
  return { ask, askFor, clock, counts, friends, put };
}

const mira = identityOf("mira/pixel", "oskar/*", "jun");

Deno.test(
  "a phone is sent a card and a location of each client that it may see",
  pure,
  async () => {
    const { ask, put } = open();
    put("oskar/old%20phone", 59.9138688, "accuracy=4,battery=70,tid=os");
    put("oskarine/x");
    put("oskar");
    put("eve");
    assertEquals(
      await ask(mira),
      '[{"_type":"card","tid":"os","name":"oskar"},' +
        '{"_type":"location","tid":"os","lat":59.9138688,"lon":2,"tst":3,' +
        '"acc":4,"batt":70,"topic":"owntracks/oskar/old phone"}]',
    );
  },
);

Deno.test(
  "a phone is sent only what has changed since its last answer",
  pure,
  async () => {
    const { ask, askFor, put } = open();
    put("oskar/phone", 1);
    put("jun", 1);
    assertEquals(await askFor(mira), ["oskar/phone 1", "jun 1"]);
    assertEquals(await ask(mira), "[]");
    put("jun", 2);
    put("jun", 3);
    put("oskar/tab", 4);
    put("eve", 5);
    assertEquals(await askFor(mira), ["jun 3", "oskar/tab 4"]);
    assertEquals(await ask(mira), "[]");
  },
);

Deno.test(
  "each phone of a subject is sent all its friends, but not itself",
  pure,
  async () => {
    const family = identityOf("fam", "fam/*");
    const { askFor, put } = open();
    put("fam/a");
    put("fam/b");
    assertEquals(await askFor(family, "fam/a"), ["fam/b 1"]);
    assertEquals(await askFor(family, "fam/b"), ["fam/a 1"]);
    put("fam/a", 2);
    assertEquals(await askFor(family, "fam/a"), []);
    assertEquals(await askFor(family, "fam/b"), ["fam/a 2"]);
  },
);

Deno.test(
  "a phone that repeats its report is sent the same friends again",
  pure,
  async () => {
    const { askFor, put } = open();
    put("jun", 1);
    assertEquals(await askFor(mira, "mira/pixel", "9"), ["jun 1"]);
    assertEquals(await askFor(mira, "mira/pixel", "9"), ["jun 1"]);
    put("jun", 2);
    assertEquals(await askFor(mira, "mira/pixel", "9"), ["jun 2"]);
    assertEquals(await askFor(mira, "mira/pixel", "10"), []);
    // A report without a time is never a repeated one.
    put("jun", 3);
    assertEquals(await askFor(mira, "mira/pixel", undefined), ["jun 3"]);
  },
);

Deno.test(
  "a phone whose token has other patterns is sent all its friends again",
  pure,
  async () => {
    const { askFor, friends, put } = open();
    put("jun");
    put("eve");
    assertEquals(await askFor(mira), ["jun 1"]);
    const { bytes } = friends;
    assertEquals(await askFor(identityOf("mira/pixel", "eve")), ["eve 1"]);
    assertEquals(await askFor(mira), ["jun 1"]);
    assertEquals(friends.bytes, bytes);
    const other = identityOf("mira/pixel", "eve");
    assertEquals(await askFor(other), ["eve 1"]);
    assertEquals(friends.phones, 1);
    put("jun", 2);
    assertEquals(await askFor(other), []);
  },
);

Deno.test(
  "friends that do not fit into an answer come with the next ones, and none is lost",
  pure,
  async () => {
    const everybody = identityOf("ops", "p/*");
    const { ask, put } = open();
    const count = 3 * friendsPerPage;
    for (let index = 0; index < count; index++) put(`p/${index}`);
    const seen = new Set<string>();
    let answers = 0;
    for (let text; (text = await ask(everybody)) !== "[]"; answers++) {
      assert(text.length <= maxFriendsAnswerBytes, `${text.length}`);
      for (const { topic } of JSON.parse(text)) if (topic) seen.add(topic);
      // A report meanwhile is sent too.
      if (answers === 0) put("p/late");
    }
    assertEquals(seen.size, count + 1);
    assert(answers >= 2);
  },
);

Deno.test(
  "if too much has changed, the phone is sent all its friends again",
  pure,
  async () => {
    const everybody = identityOf("ops", "p/*");
    const { ask, counts, friends, put } = open();
    await ask(everybody);
    const length = 900;
    const count = Math.ceil(maxPhoneBytes / length) + 20;
    for (let index = 0; index < count; index++) {
      put(`p/${index}-`.padEnd(length, "x"));
    }
    assert(counts.hits.get("friends-bytes-per-phone")! >= 1);
    assert(friends.bytes <= maxPhoneBytes, `${friends.bytes}`);
    const seen = new Set<string>();
    for (let text; (text = await ask(everybody)) !== "[]";) {
      for (const { topic } of JSON.parse(text)) if (topic) seen.add(topic);
    }
    assertEquals(seen.size, count);
  },
);

Deno.test(
  "the phones that have been silent longest are forgotten",
  pure,
  async () => {
    const { askFor, clock, counts, friends, put } = open();
    put("jun");
    assertEquals(await askFor(mira), ["jun 1"]);
    const sees = Array.from(
      { length: 60 },
      (_, index) => `${index}`.padEnd(1_000, "x"),
    );
    const needed = Math.ceil(maxPhonesBytes / 60_000);
    for (let phone = 0; phone < needed; phone++) {
      await friends.answer(
        identityOf(`phone-${phone}`, ...sees),
        "x",
        undefined,
        new Workload(),
      );
    }
    assert(friends.bytes <= maxPhonesBytes, `${friends.bytes}`);
    assert(counts.hits.get("friends-bytes")! >= 1);
    assertEquals(await askFor(mira), ["jun 1"]);
    await clock.advance(phoneSilenceMs);
    assertEquals(await askFor(mira), ["jun 1"]);
    assertEquals(friends.phones, 1);
  },
);

/** Gives what it has when it is asked, but later. */
class SlowReplica extends MemoryReplica {
  /** Lets it answer. */
  answer: (() => void) | undefined;

  override findRecord(client: string) {
    const found = super.findRecord(client);
    return new Promise<string | undefined>((resolve) => {
      this.answer = () => resolve(found);
    });
  }
}

Deno.test(
  "a report that arrives while an older one is looked up is not lost",
  pure,
  async () => {
    const replica = new SlowReplica();
    const { friends, put } = open(replica);
    put("jun", 1);
    const asked = friends.answer(mira, "mira/pixel", "1", new Workload());
    await drainMicrotasks();
    put("jun", 2);
    replica.answer!();
    await drainMicrotasks();
    replica.answer!();
    assertEquals(
      [...(await asked).matchAll(/"lat":(\d)/g)].map(([, latitude]) =>
        latitude
      ),
      ["1", "2"],
    );
  },
);
