/**
 * The dashboard: creates the parts of the page and passes them the data of the
 * event stream.
 *
 * @module
 */
import { Clients } from "./clients.js";
import { byId } from "./dom.js";
import { Events } from "./events.js";
import { controlFind } from "./find.js";
import { Graph } from "./graph.js";
import { viewLinks, viewServers, withGateways } from "./herd.js";
import { History } from "./history.js";
import { showLegend, showSampleSize } from "./legend.js";
import { controlMap } from "./map_controls.js";
import { MapView } from "./map_view.js";
import { Overview } from "./overview.js";
import { Picker } from "./picker.js";
import { Plots } from "./plots.js";
import { Pulses } from "./pulses.js";
import { ServerClock } from "./server_clock.js";
import { ServersTable } from "./servers_table.js";
import { followEvents } from "./stream.js";
import { Track } from "./track.js";
import { createProjection } from "./viewport.js";

const clock = new ServerClock();
const overview = new Overview(clock);
const map = await loadMap();
const project = createProjection(map);
const clients = new Clients(project);
const pulses = new Pulses();
const view = new MapView(byId("map"), map, clients, (context, view) => {
  track.draw(context, picker.picked);
  picker.draw(context);
  return pulses.draw(context, view, clients.count);
});
const picker = new Picker(byId("client-card"), clients, view, clock);
const track = new Track(byId("track"), project, view);
controlMap(byId("map"), view, picker);

const history = new History();
const graph = new Graph(byId("graph"));
const plots = new Plots(byId("plots"));
const table = new ServersTable(
  byId("servers"),
  "servers",
  "Servers. Counts are since the server's start.",
);
const gatewaysTable = new ServersTable(
  byId("gateways"),
  "gateways",
  "Gateways of servers. Counts are since the server's start.",
);
const events = new Events(
  byId("events"),
  /** @type {HTMLSelectElement} */ (byId("level")),
  clock,
);

/** @type {import("./types.d.ts").HerdStatus | undefined} */
let status;
let known = 0;
let isStatusNew = false;
let areNumbersDue = false;

followEvents({
  onHello() {
    clients.clear();
    pulses.clear();
    history.clear();
    events.clear();
    picker.clear();
    track.clear();
    status = undefined;
    known = 0;
    view.clientsChanged();
  },
  onStatus(newStatus) {
    status = newStatus;
    clock.set(status);
    const names = status.herd.servers.map(({ name }) => name);
    clients.setServers(names);
    events.setServers(names);
    history.add(status);
    isStatusNew = true;
    showNumbers();
  },
  onPositions({ isSnapshot, known: nowKnown, positions }) {
    const slots = positions.map((position) => clients.put(position));
    known = nowKnown;
    clients.keep(known);
    if (!isSnapshot) {
      pulses.add(slots.filter((slot) => slot < clients.count), clients);
    }
    view.clientsChanged();
    picker.refresh();
    showNumbers();
  },
  onLog: (event) => events.add(event),
  onState: (state) => overview.showStreamState(state),
}, clock);

document.addEventListener("visibilitychange", showNumbers);
setInterval(() => {
  // The tab's title is visible while the page is hidden.
  overview.showAges();
  if (document.hidden) return;
  events.showAges();
  picker.refresh();
}, 1_000);

/** @returns {Promise<import("./types.d.ts").WorldMap>} */
async function loadMap() {
  while (true) {
    try {
      const response = await fetch(new URL("map.json", document.baseURI));
      if (response.ok) return await response.json();
    } catch {
      // The server stopped after it had sent the page.
    }
    overview.showStreamState("reconnecting");
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}

/** Writes the numbers in the next frame, and not while the page is hidden. */
function showNumbers() {
  if (areNumbersDue || document.hidden) return;
  areNumbersDue = true;
  requestAnimationFrame(() => {
    areNumbersDue = false;
    overview.showClientCount(known);
    if (status === undefined) return;
    // Positions arrive more often than the status.
    if (isStatusNew) showStatus(status);
    isStatusNew = false;
    const names = status.herd.servers.map(({ name }) => name);
    showLegend(byId("legend"), names, clients.countByServer());
    showSampleSize(byId("shown"), clients.count, known, view.dots);
  });
}

/** @param {import("./types.d.ts").HerdStatus} status */
function showStatus(status) {
  const servers = viewServers(status);
  const links = viewLinks(status);
  overview.show(status, servers, links);
  overview.showUpdateRate(history.updatesPerSecond);
  graph.show(servers, links);
  plots.show(history, servers);
  table.show(servers);
  const open = withGateways(servers);
  byId("gateways-panel").hidden = open.length === 0;
  gatewaysTable.show(open);
  overview.showAges();
}

controlFind(
  (position) => {
    clients.put(position);
    view.clientsChanged();
    showNumbers();
  },
  (id) => picker.pickById(id),
  (shown, whole) => {
    const self = status?.servers.find(({ name }) => name === status?.self);
    if (self?.history.kind === null) track.clear();
    else track.load(shown, whole);
  },
);
