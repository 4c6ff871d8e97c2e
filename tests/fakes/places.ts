/**
 * A remote provider that a test controls, and a `Places` that uses it.
 *
 * @module
 */
import { Budget, type DayCount } from "../../places/budget.ts";
import { Places } from "../../places/places.ts";
import type { PlacesQuery, PlacesSearch } from "../../places/provider.ts";
import { bytesOfText, type ByteString } from "../../protocol/bytes.ts";
import { ManualClock } from "./manual_clock.ts";

/** A query around UCLA. */
export const query: PlacesQuery = {
  position: { latitude: "+34.068930", longitude: "-118.445127" },
  radiusMetres: "10000",
  bound: 5,
};

/** The body for a query without a usable answer. */
export const unknownError = `{
   "html_attributions" : [],
   "results" : [],
   "status" : "UNKNOWN_ERROR"
}`;

/** A small body with `count` results. */
export function page(count: number, status = "OK"): ByteString {
  const names = Array.from({ length: count }, (_, index) => `"${index}"`);
  return `{"results":[${names.join(",")}],"status":"${status}"}`;
}

/** A request that waits until the test answers it. */
export interface Asked extends PromiseWithResolvers<ByteString> {
  readonly search: PlacesSearch;
  readonly signal: AbortSignal;
}

/** Settings that differ between tests. */
export interface FakePlacesOptions {
  readonly ttlSeconds?: number;
  readonly requestsPerDay?: number;
  readonly emptyAnswer?: string;
}

/** Creates a `Places` whose provider waits for the test to answer. */
export function createFakePlaces(options: FakePlacesOptions = {}) {
  const { emptyAnswer, requestsPerDay, ttlSeconds = 0 } = options;
  const clock = new ManualClock();
  const asked: Asked[] = [];
  const provider = {
    name: "fake",
    isRemote: true as const,
    emptyAnswer: emptyAnswer && bytesOfText(emptyAnswer),
    nearby(search: PlacesSearch, signal: AbortSignal): Promise<ByteString> {
      asked.push({ ...Promise.withResolvers<ByteString>(), search, signal });
      return asked.at(-1)!.promise;
    },
  };
  const events: string[] = [];
  const counts: DayCount[] = [];
  const places = new Places({
    provider,
    clock,
    ttlSeconds,
    budget: requestsPerDay === undefined ? undefined : new Budget({
      requestsPerDay,
      clock,
      keep: async (count) => void await counts.push(count),
    }),
    emit: (level, connection, event, fields = {}) => {
      const details = Object.entries(fields)
        .map(([name, value]) => `${name}=${value}`);
      events.push([level, connection, event, ...details].join(" "));
    },
  });
  return { asked, clock, counts, events, places, provider };
}
