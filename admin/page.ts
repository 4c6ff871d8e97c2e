/**
 * The files of the dashboard. They are imported as text, so that a server needs
 * no permission to read them and a bundle holds them.
 *
 * @module
 */
import mapJson from "./map.json" with { type: "text" };
import cellsJs from "./page/cells.js" with { type: "text" };
import circleLayoutJs from "./page/circle_layout.js" with { type: "text" };
import clientsJs from "./page/clients.js" with { type: "text" };
import domJs from "./page/dom.js" with { type: "text" };
import dotsJs from "./page/dots.js" with { type: "text" };
import eventsJs from "./page/events.js" with { type: "text" };
import findJs from "./page/find.js" with { type: "text" };
import formatJs from "./page/format.js" with { type: "text" };
import graphJs from "./page/graph.js" with { type: "text" };
import herdJs from "./page/herd.js" with { type: "text" };
import historyJs from "./page/history.js" with { type: "text" };
import iconSvg from "./page/icon.svg" with { type: "text" };
import indexHtml from "./page/index.html" with { type: "text" };
import legendJs from "./page/legend.js" with { type: "text" };
import loginHtml from "./page/login.html" with { type: "text" };
import loginJs from "./page/login.js" with { type: "text" };
import mainJs from "./page/main.js" with { type: "text" };
import mapControlsJs from "./page/map_controls.js" with { type: "text" };
import mapViewJs from "./page/map_view.js" with { type: "text" };
import overviewJs from "./page/overview.js" with { type: "text" };
import paletteJs from "./page/palette.js" with { type: "text" };
import pickerJs from "./page/picker.js" with { type: "text" };
import plotJs from "./page/plot.js" with { type: "text" };
import plotsJs from "./page/plots.js" with { type: "text" };
import pulsesJs from "./page/pulses.js" with { type: "text" };
import serverClockJs from "./page/server_clock.js" with { type: "text" };
import serversTableJs from "./page/servers_table.js" with { type: "text" };
import streamJs from "./page/stream.js" with { type: "text" };
import styleCss from "./page/style.css" with { type: "text" };
import trackJs from "./page/track.js" with { type: "text" };
import viewportJs from "./page/viewport.js" with { type: "text" };
import { pageColumns, pagePlots } from "../server/status/page_fields.ts";
import valuesJs from "../server/status/values.js" with { type: "text" };

/** A file of the dashboard. */
export interface PageFile {
  readonly contentType: string;
  readonly text: string;
}

const texts: Readonly<Record<string, string>> = {
  "cells.js": cellsJs,
  "circle_layout.js": circleLayoutJs,
  "clients.js": clientsJs,
  "dom.js": domJs,
  "dots.js": dotsJs,
  "events.js": eventsJs,
  "find.js": findJs,
  "format.js": formatJs,
  "graph.js": graphJs,
  "herd.js": herdJs,
  "history.js": historyJs,
  "icon.svg": iconSvg,
  "legend.js": legendJs,
  "login.html": loginHtml,
  "login.js": loginJs,
  "main.js": mainJs,
  "map_controls.js": mapControlsJs,
  "map_view.js": mapViewJs,
  "overview.js": overviewJs,
  "palette.js": paletteJs,
  "picker.js": pickerJs,
  "plot.js": plotJs,
  "plots.js": plotsJs,
  "pulses.js": pulsesJs,
  "server_clock.js": serverClockJs,
  "servers_table.js": serversTableJs,
  "status_fields.js": exportAll({ pageColumns, pagePlots }),
  "stream.js": streamJs,
  "style.css": styleCss,
  "track.js": trackJs,
  "values.js": valuesJs,
  "viewport.js": viewportJs,
};

const contentTypes: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml; charset=utf-8",
};

/** A module that exports plain data. */
function exportAll(data: Readonly<Record<string, unknown>>): string {
  return Object.entries(data)
    .map(([name, value]) =>
      `export const ${name} = ${JSON.stringify(value)};\n`
    )
    .join("");
}

/** The dashboard's files by the path of their URL: `/`, `/map.json`. */
export const pageFiles: ReadonlyMap<string, PageFile> = new Map([
  ["/", { contentType: "text/html; charset=utf-8", text: indexHtml }],
  [
    "/map.json",
    { contentType: "application/json; charset=utf-8", text: mapJson },
  ],
  ...Object.entries(texts).map(([name, text]): [string, PageFile] => [
    `/page/${name}`,
    { contentType: contentTypes[name.split(".")[1]], text },
  ]),
]);
