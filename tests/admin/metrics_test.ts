import { formatMetrics } from "../../admin/metrics.ts";
import { DurationCounter } from "../../server/status/distribution.ts";
import type { ServerFacts } from "../../server/status/status.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { type Given, serverFacts } from "../fakes/observed_server.ts";

function metricsOf(facts: Given<ServerFacts>): Promise<string> {
  return formatMetrics({
    ...serverFacts("Hill", facts),
    software: "1.2.3",
    memoryBytes: 4096,
  }, { startedAt: 1520024000.5, cpuSeconds: 0.25 });
}

/** Values by names with labels. */
function valuesOf(text: string): Map<string, number> {
  const lines = text.split("\n").filter((line) => /^[^#]/.test(line));
  return new Map(lines.map((line) => {
    const space = line.lastIndexOf(" ");
    return [line.slice(0, space), Number(line.slice(space + 1))];
  }));
}

const link = {
  neighbour: "Smith",
  isUp: true,
  since: 1520024001,
  stateSeconds: 60,
  isCaughtUp: false,
  waitingReports: 7,
  clockAheadSeconds: null,
  reportsReceived: 8,
  bytesSent: 9,
  losses: 10,
  lastFailure: null,
  duplicates: 0,
  ignoredMessages: 0,
};

Deno.test("metrics have the values of the status", async () => {
  const propagation = new DurationCounter();
  for (const seconds of [0.0004, 0.0004, 0.3, 100]) propagation.add(seconds);
  const values = valuesOf(
    await metricsOf({
      clients: 1,
      notReady: "it has not caught up",
      connections: { open: 2, accepted: 3 },
      lines: { iamat: 4, whatsat: 5, invalid: 6 },
      reports: { newer: 11, known: 12, forgotten: 13 },
      links: [link, { ...link, neighbour: "Jaquez", isUp: false }],
      propagationSeconds: propagation.read(),
      places: { provider: "google", requests: { OK: 14, NO_ANSWER: 15 } },
      log: {
        path: "",
        lagBytes: 16,
        lostLines: 17,
        lostBytes: 18,
        fault: "disk full",
      },
      limitHits: { pipelined: 19 },
    }),
  );
  const expected: Record<string, number> = {
    'herd_info{server="Hill",version="1.2.3"}': 1,
    "herd_ready": 0,
    "herd_clients": 1,
    "herd_client_connections": 2,
    "herd_client_connections_accepted_total": 3,
    "herd_updates_total": 4,
    "herd_questions_total": 5,
    "herd_invalid_lines_total": 6,
    'herd_reports_total{outcome="newer"}': 11,
    'herd_reports_total{outcome="known"}': 12,
    'herd_reports_total{outcome="forgotten"}': 13,
    'herd_link_up{peer="Smith"}': 1,
    'herd_link_up{peer="Jaquez"}': 0,
    'herd_link_caught_up{peer="Smith"}': 0,
    'herd_link_waiting_reports{peer="Smith"}': 7,
    'herd_link_received_reports_total{peer="Smith"}': 8,
    'herd_link_sent_bytes_total{peer="Smith"}': 9,
    'herd_link_losses_total{peer="Smith"}': 10,
    'herd_propagation_seconds_bucket{le="0.0002"}': 0,
    'herd_propagation_seconds_bucket{le="0.0005"}': 2,
    'herd_propagation_seconds_bucket{le="0.5"}': 3,
    'herd_propagation_seconds_bucket{le="60"}': 3,
    'herd_propagation_seconds_bucket{le="+Inf"}': 4,
    "herd_propagation_seconds_sum": 100.3008,
    "herd_propagation_seconds_count": 4,
    "herd_whatsat_seconds_count": 0,
    'herd_places_requests_total{provider="google",status="OK"}': 14,
    'herd_places_requests_total{provider="google",status="NO_ANSWER"}': 15,
    "herd_journal_lag_bytes": 16,
    "herd_journal_lost_lines_total": 17,
    "herd_journal_lost_bytes_total": 18,
    "herd_journal_failing": 1,
    'herd_limit_hits_total{limit="pipelined"}': 19,
    "process_resident_memory_bytes": 4096,
    "process_start_time_seconds": 1520024000.5,
    "process_cpu_seconds_total": 0.25,
  };
  for (const [name, value] of Object.entries(expected)) {
    assertEquals(values.get(name), value, name);
  }
});

Deno.test("metrics with labels have no values if the status has no items", async () => {
  const text = await metricsOf({});
  for (const [name] of valuesOf(text)) {
    assert(!/^herd_(limit|link|places)/.test(name), name);
  }
});

Deno.test("metrics escape the values of labels", async () => {
  const text = await metricsOf({
    places: { provider: 'a"b\\c\nherd_ready 7', requests: { OK: 1 } },
  });
  assertStringIncludes(text, 'provider="a\\"b\\\\c\\nherd_ready 7"');
});
