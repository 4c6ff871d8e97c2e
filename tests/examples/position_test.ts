import { launchBrowser } from "../../tools/browser.ts";
import { assertEquals } from "../assert.ts";
import { ask, projectFolder, TestHerd, until } from "../end_to_end/process.ts";
import { needs } from "../needs.ts";

/** Serves the page as the instructions in it say. */
function servePage(): { port: number; close: () => Promise<void> } {
  const html = Deno.readTextFileSync(`${projectFolder}examples/position.html`);
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response(html, { headers: { "content-type": "text/html" } }),
  );
  return { port: server.addr.port, close: () => server.shutdown() };
}

needs("chromium").test(
  "the page reports the browser's position, from the origin that the server knows",
  async () => {
    const page = servePage();
    await using herd = new TestHerd();
    const origin = `http://localhost:${page.port}`;
    await herd.start("Hill", ["--http", `--allow-origins=${origin}`]);
    await herd.start("Smith", ["--http"]);
    const browser = await launchBrowser();
    try {
      const context = await browser.newContext({
        permissions: ["geolocation"],
        geolocation: { latitude: 52.5, longitude: 13.4, accuracy: 10 },
      });
      const open = async (server: string) => {
        const tab = await context.newPage();
        await tab.goto(origin);
        const address = `ws://localhost:${herd.portOf(server) + 400}/report`;
        await tab.getByLabel("Server", { exact: true }).fill(address);
        await tab.getByLabel("ID", { exact: true }).fill(`page-${server}`);
        await tab.getByRole("button", { name: "Report" }).click();
        return tab;
      };
      const tab = await open("Hill");
      await tab.getByText("Reported 52.5, 13.4").waitFor();
      await context.setGeolocation({ latitude: -1.5, longitude: 2 });
      await tab.getByText("Reported -1.5, 2").waitFor();
      const query = "WHATSAT page-Hill 0 0\n";
      await until(async () =>
        (await ask(herd.portOf("Hill"), query)).includes(" -1.5+2 ")
      );
      // Smith does not know the page.
      const other = await open("Smith");
      await other.getByText("Not connected.").waitFor();
      assertEquals(
        await ask(herd.portOf("Smith"), "WHATSAT page-Smith 0 0\n"),
        "? WHATSAT page-Smith 0 0\n",
      );
    } finally {
      await browser.close();
      await page.close();
    }
  },
);
