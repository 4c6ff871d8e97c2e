/**
 * `herd places POSITION RADIUS BOUND`: queries a places service as a server
 * does, and prints the places as the answer to a WHATSAT has them.
 *
 * @module
 */
import {
  type Arguments,
  describeFlags,
  readArguments,
  UsageError,
} from "../cli/arguments.ts";
import { SetupError } from "../cli/exit.ts";
import {
  type PermissionNeed,
  requirePermissions,
} from "../runtime/permissions.ts";
import { print, printBytes } from "../cli/print.ts";
import { note } from "../cli/write.ts";
import { takesKey } from "../places/choose.ts";
import { Places } from "../places/places.ts";
import {
  makeQuery,
  type PlacesProvider,
  type PlacesQuery,
} from "../places/provider.ts";
import {
  bytesOfText,
  type ByteString,
  encodeBytes,
} from "../protocol/bytes.ts";
import { isBound, isRadius } from "../protocol/command.ts";
import { maxPlaces, maxRadiusKm } from "../protocol/limits.ts";
import { parsePosition } from "../protocol/position.ts";
import { SystemClock } from "../runtime/clock.ts";
import { plainFlags } from "../server/settings/flags.ts";
import { placesSchema, readPlaces } from "../server/settings/places.ts";
import {
  flagSource,
  permissionsFor,
  resolveSettings,
  variableSource,
} from "../server/settings/sources.ts";

const placesFlags = plainFlags(placesSchema);

const help =
  `Queries a places service, and prints the places of a WHATSAT's answer.

Usage: herd places POSITION RADIUS BOUND [flags]

  herd places +34.068930-118.445127 10 5
  herd places +34.068930-118.445127 10 5 --places google-new

The position is in ISO 6709 decimal degrees, the radius in kilometres (0 to
${maxRadiusKm}), the bound a number of places (0 to ${maxPlaces}).

${describeFlags(placesFlags)}`;

export async function places(args: readonly string[]): Promise<void> {
  const parsed = readArguments(args, placesFlags);
  if (parsed.flags.has("help")) return print(help);
  const query = readQuery(parsed);
  const sources = [
    flagSource(parsed.flags),
    await variableSource(placesSchema),
  ];
  const resolved = resolveSettings(placesSchema, sources);
  const { places: choice, placesNote, sources: keySources } = await readPlaces(
    resolved,
  );
  await requirePermissions([
    ...choice.hosts.map((host): PermissionNeed => ({ name: "net", host })),
    // A provider that takes no key does not read its file.
    ...permissionsFor(placesSchema, resolved).filter(({ name }) =>
      name !== "read" || takesKey(resolved.values.placesProvider)
    ),
    ...keySources,
  ]);
  if (placesNote !== undefined) note(placesNote);
  const { body, fault } = await request(await choice.load(), query);
  await printBytes(encodeBytes(`${body}\n\n`));
  if (fault !== undefined) throw new SetupError(fault);
}

function readQuery({ positionals }: Arguments): PlacesQuery {
  if (positionals.length !== 3) {
    throw new UsageError("expected a position, a radius and a bound");
  }
  const [place, radius, bound] = positionals.map(bytesOfText);
  const position = parsePosition(place);
  if (position === undefined) {
    throw new UsageError(
      `expected a position such as +34.068930-118.445127, found ${
        positionals[0]
      }`,
    );
  }
  if (!isRadius(radius)) {
    throw new UsageError(
      `expected a radius of 0 to ${maxRadiusKm} kilometres, found ${
        positionals[1]
      }`,
    );
  }
  if (!isBound(bound)) {
    throw new UsageError(
      `expected a bound of 0 to ${maxPlaces} places, found ${positionals[2]}`,
    );
  }
  return makeQuery(position, radius, bound);
}

/** The answer. `fault` says why the provider's own answer is missing, if so. */
async function request(
  provider: PlacesProvider,
  query: PlacesQuery,
): Promise<{ body: ByteString; fault?: string }> {
  let fault: string | undefined;
  const service = new Places({
    provider,
    clock: new SystemClock(),
    ttlSeconds: 0,
    emit: (level, _, event, { from, message, provider: name, to } = {}) => {
      const line = event === "places changed"
        ? `using ${to} in place of ${from}`
        : `${name}: ${message}`;
      if (level === "warning") fault = line;
      else note(line);
    },
  });
  return { body: await service.nearby(query), fault };
}
