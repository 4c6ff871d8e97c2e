import {
  Intake,
  type IntakeReason,
  Outcome,
  Sender,
} from "../../gateways/intake.ts";
import { sightingsPerPiece } from "../../gateways/limits.ts";
import type { Reading, Sighting } from "../../gateways/readers/reading.ts";
import { ClientRates } from "../../identity/client_rates.ts";
import { TokenAuthenticator } from "../../identity/token_authenticator.ts";
import type { Identity } from "../../identity/identity.ts";
import { encodeBytes } from "../../protocol/bytes.ts";
import { maxAttributesBytes } from "../../protocol/limits.ts";
import { ReportSource } from "../../replica/report_source.ts";
import { RefusalCounts } from "../../runtime/refusal_counts.ts";
import { LimitCounts } from "../../runtime/limit_counts.ts";
import { Turns } from "../../runtime/turns.ts";
import { defaultClientLimits } from "../../sessions/limits.ts";
import { assert, assertEquals } from "../assert.ts";
import { drainMicrotasks } from "../fakes/manual_clock.ts";
import { MemoryReplica } from "../fakes/memory_replica.ts";
import { RecordingTrafficLog } from "../fakes/recording_traffic.ts";
import { key, makeToken, now as tokenNow } from "../identity/make_token.ts";
import { FakeBackend } from "../sessions/fake_backend.ts";
import { StepClock } from "./step_clock.ts";

const now = { seconds: 1_520_023_935, nanoseconds: 182_837_383 };

function sighting(chosen: Partial<Sighting> = {}): Sighting {
  return {
    client: "cab",
    latitude: "+52.5",
    longitude: "-13.4",
    time: "1520023934",
    note: undefined,
    attributes: "",
    isMock: false,
    ...chosen,
  };
}

function reading(...sightings: readonly Sighting[]): Reading {
  return {
    format: "report",
    sightings,
    ignored: [],
    refusal: undefined,
    answer: "counts",
  };
}

function open(
  chosen: Partial<typeof defaultClientLimits> = {},
  rates?: ClientRates,
) {
  const clock = new StepClock();
  const turns = new Turns(clock);
  const replica = new MemoryReplica();
  const traffic = new RecordingTrafficLog();
  const counts = new LimitCounts(clock, () => {});
  const refusals = new RefusalCounts();
  const intake = new Intake({
    backend: new FakeBackend(),
    replica,
    limits: { ...defaultClientLimits, ...chosen },
    counts,
    turns,
    clock,
    rates,
    refusals,
  });
  const sender = new Sender("http", traffic, new ReportSource("192.0.2.1"));
  return {
    clock,
    counts,
    intake,
    refusals,
    replica,
    sender,
    traffic,
    turns,
  };
}

/** What became of sightings, with the reason of each that was not taken. */
const outcomeOf = (
  taken: number,
  notPermitted = 0,
  overLimit = 0,
  reasons: readonly (IntakeReason | undefined)[] = [],
) => {
  const refused = reasons.flatMap((reason, sighting) =>
    reason === undefined ? [] : [{ sighting, reason }]
  );
  return Object.assign(new Outcome(), {
    taken,
    notPermitted,
    overLimit,
    refused: refused.length === 0 ? undefined : refused,
  });
};

Deno.test({
  name:
    "Intake gives the replica attributes, and the log of clients lacks them",
  permissions: "none",
  fn() {
    const { intake, replica, sender, traffic } = open();
    const records: string[] = [];
    replica.onPut = ({ record }) => records.push(record);
    const tid = "x".repeat(maxAttributesBytes - "accuracy=14.5,tid=".length);
    const attributes = `accuracy=14.5,tid=${tid}`;
    intake.take(reading(sighting({ attributes }), sighting()), sender, now);
    intake.take(
      reading(sighting({ client: "van" })),
      sender,
      now,
    );
    const line = "AT Hill +1.182837383 cab +52.5-13.4 1520023934";
    assertEquals(
      records,
      [`${line} accuracy=14.5,tid=${tid}`, line, line.replace("cab", "van")],
    );
    assertEquals(
      traffic.lines.filter((text) => text.startsWith("> ")),
      [`> ${line}`, `> ${line}`, `> ${line.replace("cab", "van")}`],
    );
  },
});

Deno.test({
  name:
    "a sighting becomes an AT line, and is logged as the IAMAT that says the same",
  permissions: "none",
  fn() {
    const { intake, replica, sender, traffic } = open();
    const outcome = intake.take(
      reading(sighting(), sighting({ client: "bus", time: "arrival" })),
      sender,
      now,
    );
    assertEquals(outcome, outcomeOf(2));
    const lines = [
      "AT Hill +1.182837383 cab +52.5-13.4 1520023934",
      "AT Hill +0.000000000 bus +52.5-13.4 1520023935.182837383",
    ];
    assertEquals(replica.accepted.map(({ line }) => line), lines);
    assertEquals(traffic.lines, [
      "< IAMAT cab +52.5-13.4 1520023934",
      `> ${lines[0]}`,
      "< IAMAT bus +52.5-13.4 1520023935.182837383",
      `> ${lines[1]}`,
    ]);
    assertEquals([...intake.taken], [["http", 2]]);
    assertEquals([...intake.reasons], []);
  },
});

Deno.test({
  name:
    "limits and the replica's refusals cost only their sighting, and are counted",
  permissions: "none",
  fn() {
    const { counts, intake, replica, sender } = open({
      maxIdBytes: 3,
      maxPositionBytes: 10,
      maxTimeBytes: 12,
    });
    const outcome = intake.take(
      reading(
        sighting({ client: "cabs" }),
        sighting({ latitude: "+52.500" }),
        sighting({ time: "1520023934.12" }),
        sighting({ note: "time-far-ahead", time: "1520023934" }),
      ),
      sender,
      now,
    );
    assertEquals(
      outcome,
      outcomeOf(1, 0, 3, ["id-bytes", "position-bytes", "time-bytes"]),
    );
    replica.refusal = "table-share";
    assertEquals(
      intake.take(reading(sighting()), sender, now),
      outcomeOf(0, 0, 1, ["table-share"]),
    );
    assertEquals([...intake.reasons], [
      ["id-bytes", 1],
      ["position-bytes", 1],
      ["time-bytes", 1],
      ["time-far-ahead", 1],
      ["table-share", 1],
    ]);
    assertEquals([...counts.hits], [
      ["id-bytes", 1],
      ["position-bytes", 1],
      ["time-bytes", 1],
      ["table-share", 1],
    ]);
    assertEquals(replica.accepted.length, 1);
  },
});

Deno.test({
  name: "a sender reports only for clients that its identity permits",
  permissions: "none",
  fn() {
    const { intake, refusals, replica, sender } = open();
    const authenticator = new TokenAuthenticator({
      keys: [key],
      revoked: new Set(),
    });
    const token = makeToken({ reports: ["mira/*"] });
    sender.identity = authenticator.authenticate(token, tokenNow) as Identity;
    const outcome = intake.take(
      reading(
        sighting({ client: "mira/pixel" }),
        sighting({ client: "oskar/phone" }),
      ),
      sender,
      now,
    );
    assertEquals(outcome, outcomeOf(1, 1, 0, [undefined, "not-permitted"]));
    assertEquals(replica.accepted.map(({ client }) => client), ["mira/pixel"]);
    assertEquals([...intake.reasons], [["not-permitted", 1]]);
    // Its reports are charged to the subject, wherever they come from.
    assertEquals(sender.source.key, "identity mira/pixel");
    assertEquals([...refusals.counts], [["report", 1]]);
    const { source } = sender;
    sender.identity = authenticator.authenticate(token, tokenNow) as Identity;
    assert(sender.source === source);
    sender.identity = undefined;
    assertEquals(sender.source.key, "192.0.2.1");
  },
});

Deno.test({
  name: "a long batch is taken in turns, in order",
  permissions: "none",
  async fn() {
    const { clock, intake, replica, sender, traffic, turns } = open();
    const count = 3 * sightingsPerPiece + 1;
    const sightings = Array.from(
      { length: count },
      (_, index) => sighting({ client: `c${index}` }),
    );
    // Each piece takes longer than a turn.
    const putsPerFlush: number[] = [];
    replica.onFlush = () => putsPerFlush.push(replica.accepted.length);
    replica.onPut = () => {
      if (replica.accepted.length % sightingsPerPiece === 0) clock.ms += 10;
    };
    assertEquals(turns.begin(sender.workload), undefined);
    const taking = intake.take(reading(...sightings), sender, now);
    assert(taking instanceof Promise);
    assertEquals(replica.accepted.length, sightingsPerPiece);
    assertEquals(await taking, outcomeOf(count));
    assertEquals(
      replica.accepted.map(({ client }) => client),
      sightings.map(({ client }) => client),
    );
    assertEquals(traffic.lines.length, 2 * count);
    assert(putsPerFlush.includes(sightingsPerPiece), `${putsPerFlush}`);
    assertEquals([...intake.taken], [["http", count]]);
  },
});

Deno.test({
  name: "a long batch waits while the log has no room",
  permissions: "none",
  async fn() {
    const { intake, replica, sender, traffic, turns } = open();
    const sightings = Array.from({ length: 65 }, () => sighting());
    assertEquals(turns.begin(sender.workload), undefined);
    traffic.fill();
    const taking = intake.take(reading(...sightings), sender, now);
    await drainMicrotasks();
    assertEquals(replica.accepted.length, sightingsPerPiece);
    traffic.drain();
    assertEquals(await taking, outcomeOf(65));
  },
});

Deno.test({
  name: "reports above a sender's rate make it wait, and are counted",
  permissions: "none",
  fn() {
    const rates = new ClientRates({ report: 2, query: Infinity });
    const { clock, counts, intake, sender } = open({}, rates);
    assertEquals(intake.waitMs("report", sender), 0);
    intake.take(reading(sighting(), sighting(), sighting()), sender, now);
    assertEquals(intake.waitMs("query", sender), 0);
    assertEquals(intake.waitMs("report", sender), 1_000);
    assertEquals([...counts.hits], [["reports-per-second", 1]]);
    clock.ms += 1_000;
    assertEquals(intake.waitMs("report", sender), 0);
  },
});

Deno.test({
  name: "the newest example is kept as text, short and without credentials",
  permissions: "none",
  fn() {
    const { intake } = open();
    assertEquals(intake.example, undefined);
    const token = makeToken();
    const body = `{"token":"x"} my-password ${token} \xff\n${"é".repeat(300)}`;
    const bytes = new TextEncoder().encode(body.replace("\xff", ""));
    intake.keepExample("not-json", "http", bytes, ["my-password"]);
    const { gateway, reason, text, time } = intake.example!;
    assertEquals([reason, gateway], ["not-json", "http"]);
    assertEquals(Math.floor(time), now.seconds);
    assert(new TextEncoder().encode(text).length <= 256);
    assert(text.endsWith("é"), text);
    assert(!text.includes("my-password") && !text.includes(token), text);
    intake.keepExample("empty", "mqtt", encodeBytes("\xff\x00"));
    assertEquals(intake.example!.text, "\ufffd\x00");
  },
});
