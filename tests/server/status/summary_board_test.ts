import {
  type ReceivedSummary,
  summaryEveryMs,
  type SummaryExchange,
} from "../../../replica/summaries.ts";
import { formatSummary, parseSummary } from "../../../server/status/summary.ts";
import { SummaryBoard } from "../../../server/status/summary_board.ts";
import { assertEquals } from "../../assert.ts";
import { ManualClock } from "../../fakes/manual_clock.ts";
import { serverFacts } from "../../fakes/observed_server.ts";

class FakeExchange implements SummaryExchange {
  readonly published: string[] = [];
  summaries: ReceivedSummary[] = [];

  publish(text: string): void {
    this.published.push(text);
  }

  received(): readonly ReceivedSummary[] {
    return this.summaries;
  }
}

Deno.test({
  name: "SummaryBoard sends the server's summary regularly, and a last one",
  permissions: "none",
  async fn() {
    const [exchange, clock] = [new FakeExchange(), new ManualClock()];
    let isStopping = false;
    const board = new SummaryBoard(
      exchange,
      clock,
      () => serverFacts("Hill", { isStopping }),
    );
    board.start();
    await clock.advance(3 * summaryEveryMs);
    assertEquals(exchange.published.length, 4);
    isStopping = true;
    board.stop();
    board.stop();
    assertEquals(exchange.published.length, 5);
    const last = parseSummary("Hill", exchange.published.at(-1)!)!;
    assertEquals(last.isStopping, true);
    assertEquals(clock.timers, 0);
  },
});

Deno.test({
  name: "SummaryBoard gives the others' summaries with their ages",
  permissions: "none",
  async fn() {
    const [exchange, clock] = [new FakeExchange(), new ManualClock()];
    const board = new SummaryBoard(exchange, clock, () => serverFacts("Hill"));
    await clock.advance(10_000);
    const text = formatSummary(serverFacts("Smith", { clients: 7 }));
    exchange.summaries = [
      { server: "Smith", text, receivedAtMs: 7_500 },
      // About another server than the one that it is from.
      { server: "Jaquez", text, receivedAtMs: 7_500 },
      { server: "Campbell", text: "no summary", receivedAtMs: 7_500 },
    ];
    const ages = () =>
      board.read().map(({ ageSeconds, clients, name }) => [
        name,
        clients,
        ageSeconds,
      ]);
    assertEquals(ages(), [["Smith", 7, 2.5]]);
    await clock.advance(1_000);
    assertEquals(ages(), [["Smith", 7, 3.5]]);
    const none = new SummaryBoard(undefined, clock, () => serverFacts("Hill"));
    none.start();
    assertEquals([none.read(), clock.timers], [[], 0]);
  },
});
