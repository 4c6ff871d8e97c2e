import { launchBrowser } from "../../tools/browser.ts";
import type { Page } from "../../tools/playwright.ts";
import { assertEquals, assertMatch } from "../assert.ts";
import { ask, TestHerd } from "../end_to_end/process.ts";
import { needs } from "../needs.ts";
import { attack, clientOf, type Targets, ways } from "./foreign_page.ts";

const withChromium = needs("chromium");

/** A server of pages of other sites, and where its pages are. */
class ForeignSite implements AsyncDisposable {
  readonly #server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    ({ url }) =>
      new Response("<!DOCTYPE html><title>A page</title><body>", {
        headers: {
          "content-type": "text/html",
          // Such a page has the origin `null`.
          ...url.endsWith("/sandboxed") && {
            "content-security-policy": "sandbox allow-scripts allow-forms",
          },
        },
      }),
  );

  /** An origin of the site. */
  originOf(host: string): string {
    return `http://${host}:${(this.#server.addr as Deno.NetAddr).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

/** A name that this browser resolves to the machine itself. */
const otherHost = "foreign.test";

function targetsOf(herd: TestHerd, name: string): Targets {
  const url = (port: number) => `http://127.0.0.1:${port}`;
  return {
    http: url(herd.httpPortOf(name)),
    admin: url(herd.adminPortOf(name)),
    client: url(herd.portOf(name)),
  };
}

/** The ways by which a page at this URL has reported, and what it has read. */
async function outcomeOf(
  page: Page,
  url: string,
  herd: TestHerd,
  name: string,
): Promise<{ reported: string[]; read: string[] }> {
  await page.goto(url);
  const suffix = crypto.randomUUID();
  const targets = targetsOf(herd, name);
  const read = await page.evaluate(attack, { targets, suffix });
  const port = herd.portOf(name);
  const answers = await Promise.all(
    ways.map((way) => ask(port, `WHATSAT ${clientOf(way, suffix)} 0 0\n`)),
  );
  const reported = ways.filter((_, index) => answers[index].startsWith("AT "));
  assertMatch(await ask(port, "WHATSAT kiwi 0 0\n"), /^AT Hill /);
  return { reported, read };
}

withChromium.test("a page of another origin reports nothing and reads nothing, but an allowed one may", async () => {
  await using site = new ForeignSite();
  await using herd = new TestHerd();
  const [neighbour, local, foreign] = ["127.0.0.1", "localhost", otherHost]
    .map((host) => site.originOf(host));
  const flags = ["--http", "--admin"];
  const [browser] = await Promise.all([
    launchBrowser([`--host-resolver-rules=MAP ${otherHost} 127.0.0.1`]),
    herd.start("Hill", flags),
    herd.start("Jaquez", [...flags, `--allow-origins=${foreign}`]),
  ]);
  try {
    await ask(herd.portOf("Hill"), "IAMAT kiwi +1+2 1520023934\n");
    await herd.untilLinked(["Hill", "Jaquez"]);
    const page = await browser.newPage();
    const nothing = { reported: [], read: [] };
    for (
      const [name, url] of [
        // Another port is the same site, another name is another one.
        ["Hill", `${neighbour}/`],
        ["Hill", `${local}/`],
        ["Hill", `${foreign}/`],
        ["Hill", `${neighbour}/sandboxed`],
        ["Jaquez", `${local}/`],
        ["Jaquez", `${foreign}/sandboxed`],
      ]
    ) {
      const outcome = await outcomeOf(page, url, herd, name);
      assertEquals(outcome, nothing, `${url} at ${name}`);
    }
    // This also shows that the ways work.
    const allowed = await outcomeOf(page, `${foreign}/`, herd, "Jaquez");
    // The browser does not send the origin of an image, a frame or a link.
    assertEquals(allowed.reported, [
      ...["fetch-json", "fetch-text", "fetch-form"],
      ...["form-text", "form-post", "socket-line", "socket-json"],
    ]);
    assertEquals(allowed.read.map((text) => text.split(":")[0]), [
      ...["fetch-json", "position", "nearby"],
      ...["socket-line", "socket-json", "socket-mqtt"],
    ]);
    await refusesOtherNames(page, targetsOf(herd, "Hill"));
  } finally {
    await browser.close();
  }
});

/**
 * Checks that a page whose name points to this machine is refused by its name:
 * by DNS rebinding the name of any page can.
 */
async function refusesOtherNames(
  page: Page,
  { admin, http }: Targets,
): Promise<void> {
  for (
    const [target, path] of [[http, "/position/kiwi"], [admin, "/status.json"]]
  ) {
    const url = target.replace("127.0.0.1", otherHost);
    assertEquals((await page.goto(url + path))!.status(), 403);
    const status = await page.evaluate(
      async (path) => (await fetch(path)).status,
      path,
    );
    assertEquals(status, 403);
    // By the machine's own name the same request is answered.
    assertEquals((await page.goto(target + path))!.status(), 200);
  }
}
