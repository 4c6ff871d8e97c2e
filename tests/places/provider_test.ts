import { startServer } from "../../mod.ts";
import { assertEquals, assertMatch } from "../assert.ts";
import { ask, freeBasePort, projectFolder } from "../end_to_end/process.ts";
import { FakeHttpServer, respond } from "../fakes/http_server.ts";

/** Writes the example provider of docs/PLACES.md to a file. */
async function writeExample(folder: string): Promise<string> {
  const page = await Deno.readTextFile(`${projectFolder}docs/PLACES.md`);
  const [example] = page.match(/(?<=```ts ignore\n)[^]*?(?=```)/)!;
  const path = `${folder}/lighthouses.ts`;
  await Deno.writeTextFile(
    path,
    example.replaceAll(
      /from "(\.[^"]+)"/g,
      (_, specifier) =>
        `from "${new URL(specifier, `file://${projectFolder}places/`)}"`,
    ),
  );
  return path;
}

Deno.test("the example provider of the documentation answers WHATSAT", async () => {
  const folder = await Deno.makeTempDir({ prefix: "herd-" });
  try {
    const path = await writeExample(folder);
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--quiet", `--config=${projectFolder}deno.json`, path],
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    const { createLighthouses } = await import(`file://${path}`);

    const lights = ["Kiwi Head", "Pear Rock", "Plum Point"]
      .map((name, index) => ({ name, lat: 1.5, lon: index }));
    await using register = new FakeHttpServer(() =>
      respond(JSON.stringify({ lights }))
    );
    const basePort = freeBasePort();
    await using _server = await startServer({
      name: "Hill",
      basePort,
      logDirectory: folder,
      places: createLighthouses("", `${register.url}/near`),
    });
    const answer = await ask(
      basePort,
      "IAMAT k -1.50+2.00 1\nWHATSAT k 10 2\n",
    );
    const [, at, ...body] = answer.split("\n");
    assertMatch(at, /^AT Hill /);
    const { results, status } = JSON.parse(body.join("\n"));
    assertEquals(status, "OK");
    assertEquals(
      results.map(({ name }: { name: string }) => name),
      ["Kiwi Head", "Pear Rock"],
    );
    const [{ url }] = register.requests;
    assertEquals(
      decodeURIComponent(url.search),
      "?lat=-1.50&lon=+2.00&metres=10000",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
