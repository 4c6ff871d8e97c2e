/**
 * `herd token`: makes keys and tokens, and shows what is in a token.
 *
 * @module
 */
import {
  type Arguments,
  describeFlags,
  type Flags,
  readArguments,
  refusePositionals,
  UsageError,
  wholeNumber,
} from "../cli/arguments.ts";
import { SetupError } from "../cli/exit.ts";
import { print } from "../cli/print.ts";
import { terminalColumns } from "../cli/progress.ts";
import { note } from "../cli/write.ts";
import { type Claims, type Role, roles } from "../identity/claims.ts";
import { maxPatterns, minKeyBytes } from "../identity/limits.ts";
import { faultOfId, faultOfPatterns } from "../identity/patterns.ts";
import { signToken } from "../identity/token.ts";
import { TokenKey } from "../identity/token_keys.ts";
import { bytesOfText, type ByteString } from "../protocol/bytes.ts";
import { splitFields } from "../protocol/fields.ts";
import { SystemClock } from "../runtime/clock.ts";
import { createNonce } from "../runtime/identity.ts";
import {
  PermissionError,
  type PermissionNeed,
  requirePermissions,
} from "../runtime/permissions.ts";
import { plainFlags } from "../server/settings/flags.ts";
import {
  flagSource,
  permissionsFor,
  type ResolvedSettings,
  resolveSettings,
  variableSource,
} from "../server/settings/sources.ts";
import {
  createKeyFile,
  fileExists,
  noteOnAccess,
  readRevokedTokens,
  readTokenKeys,
  tokenSchema,
} from "../server/settings/tokens.ts";
import { appFlags, readAppOptions } from "./app_options.ts";
import { inspectToken } from "./inspect_token.ts";
import { readToken } from "./read_token.ts";

/** Days for which a token is valid by default, and at most: ten years. */
const defaultDays = 30;
const mostDays = 3_652;

const daySeconds = 24 * 60 * 60;

/** The settings of commands that use keys only. */
const keySchema = { tokenKeyFile: tokenSchema.tokenKeyFile };

const keyFlags = plainFlags(keySchema);

const createFlags: Flags = {
  reports: {
    value: "PATTERNS",
    help: "IDs that it may report for, with spaces between (SUBJECT)",
  },
  sees: { value: "PATTERNS", help: "IDs that it may query (none)" },
  last: { help: "it may see the newest positions only, no history" },
  role: {
    value: "ROLE",
    help: `what it may do at the administration port: ${roles.join(" or ")}`,
  },
  days: { value: "DAYS", help: `days until it expires (${defaultDays})` },
  ...appFlags,
  ...keyFlags,
};

const inspectFlags: Flags = plainFlags(tokenSchema);

const help = `Makes keys and tokens, and shows what is in a token.

Usage: herd token create SUBJECT [flags]
       herd token inspect [flags] < FILE
       herd token key [flags]

  herd token create mira/pixel --days 365
  herd token create mira/pixel --sees 'fam/* mira/tablet' --last
  herd token create mira/pixel --server https://herd.example:8400
  herd token inspect < token.txt

SUBJECT is an ID. A pattern is an ID, or prefix/* for all longer IDs that begin
with prefix/. If no key file is named and token.key is missing, create makes it.
The token is all that create prints on stdout. With --server it also prints on
stderr what to type into each app to report to that server, and QR codes.

create:
${describeFlags(createFlags)}

inspect (the exit status is 1 if the token is not valid):
${describeFlags(inspectFlags)}

key:
${describeFlags(keyFlags)}`;

const subcommands: Readonly<
  Record<string, (args: readonly string[]) => Promise<void>>
> = { create, inspect, key };

export async function token(args: readonly string[]): Promise<void> {
  const [name, ...rest] = args;
  if (args.includes("--help") || args.includes("-h")) return print(help);
  // The word is not repeated: it may be a token.
  if (name === undefined || !Object.hasOwn(subcommands, name)) {
    throw new UsageError("expected create, inspect or key after token");
  }
  await subcommands[name](rest);
}

async function create(args: readonly string[]): Promise<void> {
  const parsed = readArguments(
    args,
    createFlags,
    "a subject that begins with -",
  );
  const now = new SystemClock().now().seconds;
  const claims = readClaimsOf(parsed, now);
  const apps = readAppOptions(parsed);
  const resolved = await resolve(keySchema, parsed);
  const { tokenKeyFile: path } = resolved.values;
  await requirePermissions(permissionsFor(keySchema, resolved));
  if (!await fileExists(path)) {
    await makeDefaultKey(path, resolved, now);
  }
  const [key] = await readTokenKeys(path);
  await noteAccess(path);
  const token = sign(claims, key);
  print(token);
  const isTerminal = Deno.stderr.isTerminal();
  if (apps !== undefined) {
    // Most tokens are made without it.
    const { describeApps } = await import("./app_sheet.ts");
    const screen = {
      // Colours are a part of the code, so NO_COLOR does not count.
      isColoured: isTerminal,
      columns: isTerminal ? terminalColumns() : Infinity,
    };
    note(`\n${describeApps(apps.names, apps.server, token, claims, screen)}`);
  } else if (isTerminal) {
    note("to see what to type into apps, make one with --server URL");
  }
}

function sign(claims: Claims, key: TokenKey): string {
  try {
    return signToken(claims, key);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}

/** Makes a key file where the default one is missing. */
async function makeDefaultKey(
  path: string,
  { sourceOf }: ResolvedSettings<typeof keySchema>,
  now: number,
): Promise<void> {
  if (sourceOf.has("tokenKeyFile")) {
    throw new SetupError(
      `${path}: there is no such file; make one with: deno task token key`,
    );
  }
  await requirePermissions(
    (["read", "write"] as const).map((name) => ({ name, path })),
  );
  await createKeyFile(path, createKey(now));
  note(`${path} is a new key: servers need this file to accept the token`);
}

function readClaimsOf(parsed: Arguments, now: number): Claims {
  const { flags, positionals } = parsed;
  if (positionals.length !== 1) throw new UsageError("expected one subject");
  const subject = bytesOfText(positionals[0]);
  const fault = faultOfId(subject);
  if (fault !== undefined) {
    throw new UsageError(`expected an ID as the subject, but ${fault}`);
  }
  const days = wholeNumber(parsed, "days", 1, mostDays) ?? defaultDays;
  return {
    subject,
    reports: readPatterns(parsed, "reports") ?? [subject],
    sees: readPatterns(parsed, "sees") ?? [],
    lastOnly: flags.has("last"),
    role: readRole(flags.get("role")),
    tokenId: createNonce(),
    issuedAt: now,
    notBefore: undefined,
    expiresAt: now + days * daySeconds,
  };
}

function readPatterns(
  { flags }: Arguments,
  name: string,
): ByteString[] | undefined {
  const value = flags.get(name);
  if (value === undefined) return undefined;
  const patterns = splitFields(bytesOfText(value), maxPatterns);
  const fault = faultOfPatterns(patterns);
  if (fault !== undefined) throw new UsageError(`--${name}: ${fault}`);
  return patterns;
}

function readRole(value: string | undefined): Role | undefined {
  const role = roles.find((role) => role === value);
  if (role !== undefined || value === undefined) return role;
  throw new UsageError(`--role: expected ${roles.join(" or ")}`);
}

async function inspect(args: readonly string[]): Promise<void> {
  const parsed = readArguments(args, inspectFlags);
  const { positionals } = parsed;
  if (positionals.length > 1) throw new UsageError("expected one token");
  const resolved = await resolve(tokenSchema, parsed);
  const { revokedFile, tokenKeyFile } = resolved.values;
  await requireWithoutArguments(permissionsFor(tokenSchema, resolved));
  if (
    !resolved.sourceOf.has("tokenKeyFile") && !await fileExists(tokenKeyFile)
  ) {
    throw new SetupError(
      `${tokenKeyFile}: there is no such file; name the key file with ` +
        "--token-key-file",
    );
  }
  const keys = await readTokenKeys(tokenKeyFile);
  const revoked = await readRevokedTokens(revokedFile);
  await noteAccess(tokenKeyFile);
  if (positionals.length > 0) {
    note(
      "the arguments of a program are visible to other users of the machine: " +
        "give the token on stdin instead",
    );
  }
  const text = positionals[0] ?? await readToken(Deno.stdin);
  const { seconds } = new SystemClock().now();
  const { fault, shown } = inspectToken(text, { keys, revoked }, seconds);
  if (shown !== undefined) print(shown);
  if (fault !== undefined) {
    throw new SetupError(`the token is not valid: ${fault}`);
  }
}

/**
 * Requires permissions without the complete command in the message: it would
 * repeat a token among the arguments.
 */
async function requireWithoutArguments(
  needs: readonly PermissionNeed[],
): Promise<void> {
  try {
    await requirePermissions(needs);
  } catch (error) {
    if (error instanceof PermissionError) throw new SetupError(error.message);
    throw error;
  }
}

async function key(args: readonly string[]): Promise<void> {
  const parsed = readArguments(args, keyFlags);
  refusePositionals(parsed, "token key");
  const { values } = await resolve(keySchema, parsed);
  const { tokenKeyFile: path } = values;
  await requirePermissions([{ name: "write", path }]);
  const made = createKey(new SystemClock().now().seconds);
  await createKeyFile(path, made);
  print(`${path} has a new key, ${made.id}`);
}

/** A new key, named after the day and a random number. */
function createKey(nowSeconds: number): TokenKey {
  const day = new Date(nowSeconds * 1000).toISOString().slice(0, 10);
  const id = `${day}-${createNonce().slice(0, 4)}`;
  return new TokenKey(id, crypto.getRandomValues(new Uint8Array(minKeyBytes)));
}

async function resolve<All extends Parameters<typeof variableSource>[0]>(
  schema: All,
  { flags }: Arguments,
): Promise<ResolvedSettings<All>> {
  return resolveSettings(schema, [
    flagSource(flags),
    await variableSource(schema),
  ]);
}

async function noteAccess(path: string): Promise<void> {
  const text = await noteOnAccess(path);
  if (text !== undefined) note(text);
}
