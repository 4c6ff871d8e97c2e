import { pageFiles } from "../../../admin/page.ts";
import { assert, assertEquals } from "../../assert.ts";

type Triple = readonly [number, number, number];
type Matrix = readonly [Triple, Triple, Triple];

/**
 * Linear RGB as people without one kind of cone see it: Machado, Oliveira and
 * Fernandes, "A Physiologically-based Model for Simulation of Color Vision
 * Deficiency", 2009.
 */
const views: Readonly<Record<string, Matrix>> = {
  common: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

const style = pageFiles.get("/page/style.css")!.text;
const [light, dark] = style.split("prefers-color-scheme: dark");

/** A colour of style.css, in linear RGB. */
function colour(part: string, name: string): Triple {
  const [, hex] = part.match(new RegExp(`--${name}: #([0-9a-f]{6});`))!;
  const channel = (index: number) => {
    const value = parseInt(hex.slice(index, index + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [channel(0), channel(2), channel(4)];
}

function multiply(matrix: Matrix, [a, b, c]: Triple): Triple {
  const [x, y, z] = matrix.map(([p, q, r]) => p * a + q * b + r * c);
  return [x, y, z];
}

/** Linear RGB to Oklab, whose distances match perceived differences. */
function oklab(rgb: Triple): Triple {
  const clipped = rgb.map((value) => Math.min(Math.max(value, 0), 1));
  const [l, m, s] = multiply([
    [0.4122214708, 0.5363325363, 0.0514459929],
    [0.2119034982, 0.6806995451, 0.1073969566],
    [0.0883024619, 0.2817188376, 0.6299787005],
  ], clipped as unknown as Triple).map(Math.cbrt);
  return multiply([
    [0.2104542553, 0.793617785, -0.0040720468],
    [1.9779984951, -2.428592205, 0.4505937099],
    [0.0259040371, 0.7827717662, -0.808675766],
  ], [l, m, s]);
}

/** The contrast ratio of WCAG, from 1 to 21. */
function contrast(left: Triple, right: Triple): number {
  const [darker, lighter] = [left, right]
    .map(([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05)
    .sort((a, b) => a - b);
  return lighter / darker;
}

Deno.test({
  name:
    "servers' colours differ, also for the colour-blind, and contrast with the land",
  permissions: "none",
  fn() {
    for (const part of [light, dark]) {
      const servers = [0, 1, 2, 3, 4, 5].map((index) =>
        colour(part, `server-${index}`)
      );
      for (const [index, server] of servers.entries()) {
        const name = `server-${index} ${part === light ? "light" : "dark"}`;
        assert(contrast(server, colour(part, "land")) >= 3, name);
        for (const other of servers.slice(index + 1)) {
          for (const [view, matrix] of Object.entries(views)) {
            const [a, b] = [server, other].map((rgb) =>
              oklab(multiply(matrix, rgb))
            );
            const distance = Math.hypot(...a.map((value, i) => value - b[i]));
            assert(distance > 0.08, `${name}, ${view}: ${distance}`);
          }
        }
      }
    }
  },
});

Deno.test({
  name: "text contrasts with its background",
  permissions: "none",
  fn() {
    for (const part of [light, dark]) {
      const names = ["text", "quiet", "good", "warn", "bad", "accent"];
      for (const ground of ["panel", "background"]) {
        const weak = names.filter((name) =>
          contrast(colour(part, name), colour(part, ground)) < 4.5
        );
        assertEquals(weak, [], ground);
      }
    }
  },
});
