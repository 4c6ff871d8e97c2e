import { bytesOfText, textOfBytes } from "../../protocol/bytes.ts";
import { writeAll } from "../../runtime/transport.ts";
import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "../assert.ts";
import { hill } from "../fakes/certificates.ts";
import {
  bodyAt,
  FakeGoogle,
  fakeKey,
  legacyPath,
  newPath,
} from "../fakes/google.ts";
import { FakeHttpServer, hang, respond } from "../fakes/http_server.ts";
import {
  ask,
  connect,
  Program,
  readAll,
  readUntil,
  TestHerd,
  until,
} from "./process.ts";
import { Proxy } from "./proxy.ts";

const iamat = "IAMAT k +34.068930-118.445127 1\n";

/** Starts Hill with a key, and with only the permissions that it needs. */
function startHill(
  herd: TestHerd,
  google: FakeHttpServer,
  flags: readonly string[] = [],
  { key = fakeKey, read = "" } = {},
): Promise<Program> {
  const ports = [0, 100, 101, 102].map((offset) => herd.basePort + offset);
  const hosts = ports.map((port) => `127.0.0.1:${port}`).join(",");
  return herd.start(
    "Hill",
    [`--places-url=${google.url}`, ...flags],
    { GOOGLE_PLACES_KEY: key },
    [
      "--no-prompt",
      `--allow-net=${hosts},${google.host}`,
      `--allow-write=${herd.logFolder}`,
      "--allow-env=GOOGLE_PLACES_KEY",
      ...(read === "" ? [] : [`--allow-read=${herd.logFolder}/${read}`]),
    ],
  );
}

/** Queries Hill. Returns the body of the answer. */
async function whatsat(herd: TestHerd, operands: string): Promise<string> {
  const answer = await ask(
    herd.portOf("Hill"),
    `${iamat}WHATSAT k ${operands}\n`,
  );
  assert(answer.endsWith("\n\n"));
  return textOfBytes(answer.slice(answer.indexOf("{"), -2));
}

/** Ends a server. Returns its output and its log. */
async function endAndRead(herd: TestHerd, hill: Program): Promise<string> {
  hill.signal("SIGTERM");
  assertEquals(await hill.ended(), 0);
  return hill.stdout + hill.stderr + herd.log("Hill");
}

Deno.test("a server with a key answers with Google's text, and does not show the key", async () => {
  await using google = new FakeGoogle();
  await using herd = new TestHerd();
  const hill = await startHill(herd, google);
  assertEquals(await whatsat(herd, "10 20"), bodyAt(legacyPath).trimEnd());
  const { results, status } = JSON.parse(await whatsat(herd, "10 5"));
  assertEquals([status, results.length], ["OK", 5]);
  assertEquals(google.requests.length, 2);
  const output = await endAndRead(herd, hill);
  assertEquals(hill.stderr, "");
  assert(!/AIza|this-is-secret/.test(output));
});

Deno.test("a key in Google's answer is shown neither to the client nor in the log", async () => {
  await using google = new FakeGoogle();
  for (const provider of ["google", "google-new"]) {
    await using herd = new TestHerd();
    const key = "a/zebra%key=of+yellow<stripes>";
    const hill = await startHill(herd, google, [`--places=${provider}`], {
      key,
    });
    const body = await whatsat(herd, "10 5");
    assertEquals(JSON.parse(body).status, "REQUEST_DENIED");
    assertStringIncludes(body, "[key]");
    const output = await endAndRead(herd, hill);
    for (const part of ["zebra", "yellow", "stripes"]) {
      assert(!(body + output).includes(part), output);
    }
  }
});

Deno.test("auto switches to the new API if Google requires it, and logs that once", async () => {
  await using google = new FakeGoogle({ hasLegacyApi: false });
  await using herd = new TestHerd();
  const hill = await startHill(herd, google);
  for (const count of [5, 1, 20]) {
    const { results, status } = JSON.parse(await whatsat(herd, `10 ${count}`));
    assertEquals([status, results.length], ["OK", count]);
  }
  const methods = google.requests.map(({ method }) => method);
  assertEquals(methods, ["GET", "POST", "POST", "POST"]);
  const output = await endAndRead(herd, hill);
  const changes = output.match(/places-changed .*/g);
  assertEquals(changes, ['places-changed from="google" to="google-new"']);
});

Deno.test("a server caches answers only with --places-ttl", async () => {
  for (
    const [flags, requests] of [[[], 2], [["--places-ttl=600"], 1]] as const
  ) {
    await using google = new FakeGoogle();
    await using herd = new TestHerd();
    await startHill(herd, google, flags);
    for (const count of [3, 7]) {
      const { results } = JSON.parse(await whatsat(herd, `10 ${count}`));
      assertEquals(results.length, count);
    }
    assertEquals(google.requests.length, requests);
  }
});

Deno.test("a server without permission to connect to Google prints the command that has it", async () => {
  await using herd = new TestHerd();
  for (
    const [provider, hosts] of [
      ["google", "maps.googleapis.com:443"],
      ["google-new", "places.googleapis.com:443"],
      ["auto", "maps.googleapis.com:443,places.googleapis.com:443"],
    ]
  ) {
    await using hill = Program.start([
      "run",
      "--no-prompt",
      "--allow-net=127.0.0.1",
      "--allow-write",
      "--allow-env=GOOGLE_PLACES_KEY",
      "server.ts",
      "Hill",
      `--base-port=${herd.basePort}`,
      `--log-dir=${herd.logFolder}`,
      `--places=${provider}`,
    ], { env: { GOOGLE_PLACES_KEY: fakeKey } });
    assertEquals(await hill.ended(), 1);
    assertStringIncludes(
      hill.stderr,
      `,${hosts} --allow-write=${herd.logFolder} ` +
        "--allow-env=GOOGLE_PLACES_KEY server.ts Hill ",
    );
  }
});

Deno.test("a file can give the key, and a flag cannot", async () => {
  await using google = new FakeGoogle();
  await using herd = new TestHerd();
  const path = `${herd.logFolder}/google.key`;
  await Deno.writeTextFile(path, `\n  ${fakeKey} \r\n`);
  const hill = await startHill(herd, google, [
    "--places=google-new",
    `--places-key-file=${path}`,
  ], { key: "another-key", read: "google.key" });
  assertEquals(JSON.parse(await whatsat(herd, "10 1")).status, "OK");
  const [{ headers, url }] = google.requests;
  assertEquals([headers.get("x-goog-api-key"), url.pathname], [
    fakeKey,
    newPath,
  ]);
  assert(!(await endAndRead(herd, hill)).includes(fakeKey));
  for (const flags of ["--places-key", "--google-places-key"]) {
    await using refused = Program.start(
      ["run", "--allow-net", "server.ts", "Hill", `${flags}=${fakeKey}`],
    );
    assertEquals(await refused.ended(), 2);
    assert(!refused.stderr.includes(fakeKey), refused.stderr);
  }
});

/**
 * Repeats a failed check if midnight, when budgets start again, was within it.
 */
async function withinOneDay(check: () => Promise<void>): Promise<void> {
  const today = () => new Date().toISOString().slice(0, 10);
  const before = today();
  try {
    await check();
  } catch (error) {
    if (today() === before) throw error;
    await check();
  }
}

Deno.test("a budget continues after a restart if its file may be read", async () => {
  await withinOneDay(async () => {
    await using google = new FakeGoogle();
    await using herd = new TestHerd();
    const budget = "--places-budget=2";
    const file = "Hill.places-budget";
    const statuses = async () => {
      const bodies = [];
      for (const radius of [1, 2]) {
        bodies.push(JSON.parse(await whatsat(herd, `${radius} 5`)));
      }
      return bodies.map(({ status }) => status);
    };
    const first = await startHill(herd, google, [budget], { read: file });
    assertEquals(await statuses(), ["OK", "OK"]);
    assertEquals(await statuses(), ["OVER_QUERY_LIMIT", "OVER_QUERY_LIMIT"]);
    const output = await endAndRead(herd, first);
    assertEquals(first.stderr, "");
    const spent = output.match(
      /warning places-budget-spent requestsPerDay=2 opensAt="\d{4}-\d\d-\d\dT00:00:00Z"/g,
    );
    assertEquals(spent?.length, 1);

    const second = await startHill(herd, google, ["--places-budget=3"], {
      read: file,
    });
    assertEquals(await statuses(), ["OK", "OVER_QUERY_LIMIT"]);
    await endAndRead(herd, second);
    assertEquals(google.requests.length, 3);

    const third = await startHill(herd, google, [budget]);
    assertEquals(await statuses(), ["OK", "OK"]);
    await endAndRead(herd, third);
    assertStringIncludes(
      third.stderr,
      "the places budget counts from 0 at every start; to continue the " +
        `last count, add --allow-read=${herd.logFolder}/${file}`,
    );

    await Deno.writeTextFile(`${herd.logFolder}/${file}`, "what?");
    await using fourth = Program.start([
      "run",
      "--no-prompt",
      "--allow-net",
      "--allow-write",
      "--allow-read",
      "--allow-env",
      "server.ts",
      "Hill",
      `--base-port=${herd.basePort}`,
      `--log-dir=${herd.logFolder}`,
      `--places-url=${google.url}`,
      budget,
    ], { env: { GOOGLE_PLACES_KEY: fakeKey } });
    assertEquals(await fourth.ended(), 1);
    assertEquals(fourth.stderr.trimEnd().split("\n").length, 1);
    assertStringIncludes(fourth.stderr, `${file}: expected a day and a count`);

    // The gazetteer needs no budget.
    const fifth = await herd.start("Hill", [budget], {}, [
      "--no-prompt",
      "--allow-net",
      "--allow-write",
      "--allow-read",
    ]);
    assert(!(await endAndRead(herd, fifth)).includes("places budget"));
  });
});

Deno.test("an unanswered request to Google delays no IAMAT on any connection", async () => {
  await using google = new FakeHttpServer(() => hang);
  await using herd = new TestHerd();
  const hill = await startHill(herd, google, ["--places=google-new"]);
  const port = herd.portOf("Hill");
  using first = await connect(port);
  const queries = Array.from(
    { length: 40 },
    (_, index) => `WHATSAT k ${index}.5 5\n`,
  ).join("");
  await writeAll(first, `${iamat}${queries}IAMAT behind +1+2 7\n`);
  await google.asked(16);
  using other = await connect(port);
  await writeAll(other, "IAMAT another +3+4 8\nWHATSAT behind 1 0\n");
  const answer = await readUntil(other, (text) => text.endsWith("\n\n"));
  assertStringIncludes(answer, " another +3+4 8\n");
  assertStringIncludes(answer, " behind +1+2 7\n{");
  // When the server stops, it aborts its requests to Google.
  hill.signal("SIGTERM");
  assertEquals(await hill.ended(), 0);
});

Deno.test("a server that is stopped waits for Google's answers for a while", async () => {
  const released = Promise.withResolvers<void>();
  await using google = new FakeHttpServer(() => async (connection) => {
    await released.promise;
    await respond(bodyAt(legacyPath))(connection);
  });
  await using herd = new TestHerd();
  const hill = await startHill(herd, google, ["--places=google"]);
  const port = herd.portOf("Hill");
  using client = await connect(port);
  await writeAll(client, `${iamat}WHATSAT k 10 1\nthe last line\n`);
  await google.asked(1);
  hill.signal("SIGTERM");
  await herd.untilLogged("Hill", "stopping");
  await assertRejects(() => connect(port), Deno.errors.ConnectionRefused);
  released.resolve();
  const answer = await readAll(client);
  assertStringIncludes(answer, '"status" : "OK"');
  assert(answer.endsWith("\n\n? the last line\n"));
  assertEquals(await hill.ended(), 0);
  assertStringIncludes(herd.log("Hill"), "-> ? the last line");
});

Deno.test("a request is repeated if its TLS connection is lost", async () => {
  using google = Deno.listenTls({
    hostname: "127.0.0.1",
    port: 0,
    cert: hill.certificate,
    key: hill.key,
  });
  await using network = new Proxy({ herd: 1, google: google.addr.port });
  // The first connection is closed before its handshake, the second after its
  // request.
  network.set("refuse");
  const serving = (async () => {
    await until(() => network.spoiledCount > 0);
    network.set("pass");
    using second = await google.accept();
    await second.read(new Uint8Array(4096));
    network.set("refuse");
    network.set("pass");
    using third = await google.accept();
    await third.read(new Uint8Array(4096));
    await respond(bodyAt(legacyPath))(third);
  })();
  await using places = Program.start([
    "run",
    "--no-prompt",
    "--allow-net=127.0.0.1",
    "--allow-env=GOOGLE_PLACES_KEY",
    "--unsafely-ignore-certificate-errors=127.0.0.1",
    "main.ts",
    "places",
    "+34-118",
    "10",
    "20",
    `--places-url=https://127.0.0.1:${network.portTo("google")}`,
  ], { env: { GOOGLE_PLACES_KEY: fakeKey } });
  assertEquals(await places.ended(), 0);
  await serving;
  assertEquals(places.stdout, `${bodyAt(legacyPath).trimEnd()}\n\n`);
  const notes = places.stderr.split("\n")
    .filter((line) => /^google/.test(line));
  assertEquals(notes.length, 2);
  assert(!places.stderr.includes(fakeKey));
});

/** Runs `herd places` with a fake Google. */
async function runPlaces(
  google: FakeHttpServer,
  key: string,
  ...args: string[]
) {
  await using program = Program.start([
    "run",
    "--no-prompt",
    `--allow-net=${google.host}`,
    "--allow-env=GOOGLE_PLACES_KEY",
    "main.ts",
    "places",
    ...args,
    `--places-url=${google.url}`,
  ], { env: { GOOGLE_PLACES_KEY: key } });
  const code = await program.ended();
  return { code, stderr: program.stderr, stdout: program.stdout };
}

Deno.test("herd places prints the same text as WHATSAT", async () => {
  await using google = new FakeGoogle();
  await using herd = new TestHerd();
  await startHill(herd, google, ["--places=google-new"]);
  const spot = "-34.068930-118.445127";
  await ask(herd.portOf("Hill"), `IAMAT south ${spot} 1\n`);
  const answer = await ask(herd.portOf("Hill"), "WHATSAT south 10 5\n");
  const printed = await runPlaces(
    google,
    fakeKey,
    spot,
    "10",
    "5",
    "--places=google-new",
  );
  assertEquals([printed.code, printed.stderr], [0, ""]);
  assertEquals(
    bytesOfText(printed.stdout),
    answer.slice(answer.indexOf("\n") + 1),
  );
  const [first, second] = google.requests;
  assertEquals(first.body, second.body);

  const legacy = await runPlaces(google, fakeKey, spot, "10", "20");
  assertEquals(legacy.stdout, `${bodyAt(legacyPath).trimEnd()}\n\n`);
});

Deno.test("herd places prints why there is no answer, and exits with 1", async () => {
  await using google = new FakeGoogle();
  const refused = await runPlaces(google, "wrong-key", "+1+2", "10", "5");
  assertEquals([refused.code, refused.stderr], [0, ""]);
  assertStringIncludes(refused.stdout, '"status" : "REQUEST_DENIED"');
  await using garbled = new FakeHttpServer(() => (connection) =>
    writeAll(connection, "what?\r\n\r\n")
  );
  const failed = await runPlaces(garbled, fakeKey, "+1+2", "10", "5");
  assertEquals(failed.code, 1);
  assertStringIncludes(failed.stdout, '"status" : "UNKNOWN_ERROR"');
  assertStringIncludes(failed.stderr, "invalid HTTP version");
  assertEquals(failed.stderr.trimEnd().split("\n").length, 1);
});
