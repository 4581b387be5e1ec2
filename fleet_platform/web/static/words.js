// Errors in plain words. Panels of any plugin may import this as "/static/words.js".
import { clock } from "./format.js";

const WORDS = {
  [-32003]: (data) => `You are not allowed to do that${data.permission ? ` (it needs “${data.permission}”)` : ""}.`,
  [-32004]: () => "That does not exist (any more).",
  [-32009]: () => "Somebody else changed that meanwhile.",
  [-32011]: () => "The device is busy. Try again in a moment.",
  [-32029]: (data) => `Too many requests. Try again in ${Math.ceil(data.retry_after_s ?? 1)} s.`,
  [-32050]: (data) => `The ${data.part ?? "platform"} is away at the moment. Try again later.`,
  [-32601]: (data) => `The platform does not know the method ${data.method ?? ""}.`,
  [-32602]: (data) =>
    `That value is not accepted${data.errors?.length ? `: ${data.errors.map(fault).join("; ")}` : ""}.`,
  [-32603]: (data) =>
    `Something went wrong in the platform${data.correlation_id ? `; its log has it under ${data.correlation_id}` : ""}.`,
  [-32800]: () => "No answer in time.",
  [-32900]: asleep,
};

function fault({ path, message }) {
  return path ? `${path}: ${message}` : message;
}

function asleep(data) {
  if (data.reason !== "asleep") return "The device is offline.";
  const wakes = data.wake_expected_ts ? ` It should wake around ${clock(data.wake_expected_ts * 1000)}.` : "";
  return `The device is asleep.${wakes}`;
}

/** What went wrong, as a sentence for people. */
export function explain(error) {
  if (typeof error?.code !== "number") return "Something went wrong on this page. Reloading it may help.";
  const data = error.data ?? {};
  if (data.reason === "unknown_device") return "There is no such device (any more).";
  if (data.detail) return `${data.detail[0].toUpperCase()}${data.detail.slice(1)}.`;
  const words = WORDS[error.code];
  return words ? words(data) : `The device answered: ${error.message}`;
}
