import { herdSizesFigure } from "../../../research/paper/figures/herd_sizes.ts";
import { ratesFigure } from "../../../research/paper/figures/rates.ts";
import { assert, assertEquals } from "../../assert.ts";
import { madeUpResults } from "../../bench/made_up_results.ts";

const pure = { permissions: "none" } as const;

const costs = [
  { servers: 1, cpuUs: 4 },
  { servers: 5, cpuUs: 12 },
  { servers: 12, cpuUs: 26 },
];

const model = {
  atOne: costs,
  atEach: costs.slice(0, 2),
  line: { firstUs: 4, furtherUs: 2, mostOff: 0 },
  spread: { splitUs: 0.1, mostOff: 0 },
};

const figures = () => [
  ratesFigure(madeUpResults()),
  herdSizesFigure(model),
];

Deno.test("figures are black, white and grey", pure, () => {
  for (const svg of figures()) {
    const colours = new Set(svg.match(/#[0-9a-f]+/g));
    assert(colours.has("#000"), svg);
    for (const colour of colours) {
      const [, red, green, blue] = colour;
      assert(colour.length === 4 && red === green && green === blue, colour);
    }
    assert(!/rgb|hsl|(?:fill|stroke)="[a-mo-z]/.test(svg), svg);
  }
});

Deno.test("every element is within its figure", pure, () => {
  for (const svg of figures()) {
    const height = Number(svg.match(/height="([\d.]+)"/)![1]);
    for (const [, name, value] of svg.matchAll(/\b(x|y|cx|cy)="(.+?)"/g)) {
      const most = name.endsWith("x") ? 240 : height;
      assert(Number(value) >= 0 && Number(value) <= most, `${name}=${value}`);
    }
  }
});

Deno.test(
  "ratesFigure() has marks for each server, the faster ones further right",
  pure,
  () => {
    const svg = ratesFigure(madeUpResults());
    const lefts = [
      ...svg.matchAll(/<circle[^>]*fill="#000"[^>]*cx="([\d.]+)"/g),
    ]
      .map(([, x]) => Number(x)).slice(1);
    // The fourth load: herd, Redis, Node, uvloop, echo, generator.
    const rates = [420, 600, 280, 105, 1200, 4000];
    assertEquals(lefts.length, rates.length);
    const order = (values: readonly number[]) =>
      values.map((_, index) => index).sort((a, b) => values[a] - values[b]);
    assertEquals(order(lefts), order(rates));
  },
);

Deno.test(
  "herdSizesFigure() has a mark for each measured herd",
  pure,
  () => {
    const svg = herdSizesFigure(model);
    assertEquals(svg.match(/<circle[^>]*fill="#000"/g)!.length, 3);
    assertEquals(svg.match(/<circle[^>]*fill="#fff"/g)!.length, 2);
  },
);
