// A phone's morning through the generated client: every path, body and answer below is checked by the compiler.
//   npm ci && npm run generate && npm run build && npm run smoke -- https://homestretch.example.org EMAIL PASSWORD
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

const [server = "", email = "", password = ""] = process.argv.slice(2);

async function signIn(): Promise<string> {
  const answer = await fetch(`${server}/_allauth/app/v1/auth/login`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ email, password }),
  });
  const { meta } = (await answer.json()) as { meta: { access_token: string } };
  return meta.access_token;
}

const api = createClient<paths>({
  baseUrl: server,
  headers: { Authorization: `Bearer ${await signIn()}` },
});

const me = await api.GET("/api/v1/me/");
assert.ok(me.data, "who am I");
console.log("me", me.data.timezone);

const reading: components["schemas"]["HrvReadingBodyRequest"] = {
  client_record_id: "typescript-smoke",
  source: { provider: "garmin" },
  measured_at: "2026-10-10T06:30:00+02:00",
  metric: "rmssd",
  context: "overnight_mean",
  value_ms: 61.5,
};
const stored = await api.POST("/api/v1/hrv-readings/", { body: reading });
assert.ok(stored.data, "an HRV reading is stored");
assert.equal(stored.data.date, "2026-10-10");
const again = await api.POST("/api/v1/hrv-readings/", { body: reading });
assert.equal(again.data?.status, "unchanged");

const day = await api.GET("/api/v1/days/{date}/", { params: { path: { date: "2026-10-10" } } });
assert.ok(day.data, "the day");
console.log("day", day.data.date);

const pages = await api.GET("/api/v1/hrv-readings/", { params: { query: { limit: 1 } } });
assert.equal(pages.data?.results.length, 1);

const refused = await api.POST("/api/v1/hrv-readings/", { body: { ...reading, value_ms: 0 } });
assert.equal(refused.response.status, 400);
assert.equal(refused.error?.errors[0]?.code, "missing_sentinel");

const advice = await api.GET("/api/v1/advice/today/");
assert.ok(advice.data, "today's advice");
console.log("advice", advice.data.status);
