import {
  choosePlaces,
  needsKey,
  providerNames,
  takesKey,
} from "../../places/choose.ts";
import { assertEquals } from "../assert.ts";

const hostsOf = (name: string, key?: string, url?: string) =>
  choosePlaces(name, { key, url }).hosts;

Deno.test({
  name: "choosePlaces() loads every provider by its name",
  permissions: "none",
  async fn() {
    const [auto, ...names] = providerNames;
    assertEquals(auto, "auto");
    for (const name of names) {
      const { name: chosen } = await choosePlaces(name, { key: "k" }).load();
      assertEquals(chosen, name);
    }
  },
});

Deno.test({
  name: "Google's APIs need the key, auto takes it, and no other provider does",
  permissions: "none",
  fn() {
    for (const name of providerNames) {
      const isGoogles = name.startsWith("google");
      assertEquals(needsKey(name), isGoogles, name);
      assertEquals(takesKey(name), isGoogles || name === "auto", name);
    }
  },
});

Deno.test({
  name: "auto is the gazetteer without a key and Google with a key",
  permissions: "none",
  async fn() {
    assertEquals((await choosePlaces("auto", {}).load()).name, "gazetteer");
    const { name } = await choosePlaces("auto", { key: "k" }).load();
    assertEquals(name, "google");
  },
});

Deno.test({
  name: "choosePlaces() lists exactly the hosts that receive requests",
  permissions: "none",
  fn() {
    const legacy = "maps.googleapis.com:443";
    const fresh = "places.googleapis.com:443";
    assertEquals(hostsOf("gazetteer", "k"), []);
    assertEquals(hostsOf("auto"), []);
    assertEquals(hostsOf("google", "k"), [legacy]);
    assertEquals(hostsOf("google-new", "k"), [fresh]);
    assertEquals(hostsOf("auto", "k"), [legacy, fresh]);
    for (const name of ["auto", "google", "google-new"]) {
      assertEquals(hostsOf(name, "k", "http://127.0.0.1:9/x"), ["127.0.0.1:9"]);
      assertEquals(hostsOf(name, "k", "http://proxy"), ["proxy:80"]);
      assertEquals(hostsOf(name, "k", "https://[::1]/"), ["[::1]:443"]);
    }
  },
});
