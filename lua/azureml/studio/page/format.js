// Write numbers, times and prices for people.

import { T } from "/texts.js";

const DASH = "–";

export const orDash = (value) => (value === undefined || value === null || value === ""
  ? DASH : value);

const dateTime = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
const dayTime = new Intl.DateTimeFormat("en-GB", {
  weekday: "short", hour: "2-digit", minute: "2-digit" });
const dayMonth = new Intl.DateTimeFormat("en-GB", {
  day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });

const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];

const dateOf = (value) => new Date(typeof value === "number" ? value * 1000 : value);

export function ago(value) {
  if (!value) return DASH;
  const seconds = Math.min(0, (dateOf(value) - Date.now()) / 1000);
  for (const [unit, length] of UNITS) {
    if (Math.abs(seconds) >= length) return relative.format(Math.trunc(seconds / length), unit);
  }
  return T.justNow;
}

export const exact = (value) => (value ? dateTime.format(dateOf(value)) : "");

// A moment of the coming days: "Mon, 18:00"; later ones have their date.
export function upcoming(value) {
  if (!value) return DASH;
  const time = dateOf(value);
  return (time - Date.now() < 6 * 86400e3 ? dayTime : dayMonth).format(time);
}

export function money(amount, currency = "USD", digits = 2) {
  if (amount === undefined || amount === null) return DASH;
  return amount.toLocaleString("en", { style: "currency", currency,
    minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export const hourPrice = (row) => money(row.price, row.currency, row.price < 1 ? 3 : 2);

// "1 h 30 min" of minutes.
export function minutes(count) {
  if (!count) return DASH;
  const [days, hours, rest] = [Math.floor(count / 1440), Math.floor(count / 60) % 24, count % 60];
  return [days && `${days} d`, hours && `${hours} h`, rest && `${rest} min`]
    .filter(Boolean).join(" ");
}

// "0:07" of seconds.
export function elapsed(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (number) => String(number).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

// "1.5 GB" of bytes.
export function bytes(count) {
  const unit = Math.min(4, Math.max(0, Math.floor(Math.log2(count || 1) / 10)));
  return `${(count / 1024 ** unit).toFixed(unit && count < 10 * 1024 ** unit ? 1 : 0)} `
    + ["B", "KB", "MB", "GB", "TB"][unit];
}

// "UserSettingUp" as "User setting up".
export function words(state) {
  const text = String(state).replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

// "jupyter_lab" as "JupyterLab".
export function application(name) {
  return T.applications[name] || words(name.replace(/_/g, " "));
}

export const sizeName = (name) => String(name || "").replace(/^standard_/i, "").replace(/_/g, " ");
