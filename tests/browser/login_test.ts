import { assertEquals, assertStringIncludes } from "../assert.ts";
import { GuardedServer, tokenOf } from "../end_to_end/admin_tokens.ts";
import { needs } from "../needs.ts";
import { violationsIn } from "./axe.ts";
import { withPage } from "./browser.ts";

const withChromium = needs("chromium");

withChromium.test("login: a token opens the dashboard until it is revoked", async () => {
  await using server = new GuardedServer();
  await server.start();
  await withPage(`http://${server.address}/`, {}, async (page) => {
    const field = page.getByLabel("A token with the role viewer or operator");
    const logIn = async (token: string) => {
      await field.fill(token);
      await field.press("Enter");
    };
    await field.waitFor();
    assertEquals(await violationsIn(page), []);
    assertEquals(await page.title(), "Log in – herd");
    await logIn("no token");
    const answer = page.locator("#answer");
    await answer.getByText("expected Authorization: Bearer TOKEN").waitFor();
    await logIn(tokenOf("a", { role: undefined }));
    await answer.getByText("the token has no role").waitFor();
    await logIn(tokenOf("viewer"));
    await page.getByText("Live", { exact: true }).waitFor();
    const [cookie] = await page.context().cookies();
    assertEquals(
      [cookie.name, cookie.httpOnly, cookie.sameSite],
      [`herd-${server.herd.adminPortOf("Hill")}`, true, "Strict"],
    );
    // No script of the page can read it.
    assertEquals(await page.evaluate("document.cookie"), "");
    assertStringIncludes(page.url(), `${server.address}/`);
    server.writeRevoked("viewer");
    await server.renew();
    await field.waitFor();
  }, /40[13]/);
});
