// The Korean text that stands for an event's times, as the server writes it for clients that know only the text. Pure.
//
// A port of `text_of` in the server's teamcal/domain/time_texts.py. Reading such texts is the server's alone.

import { daysBetween } from "./days.js";

const HOUR = 60;
const LONGEST_NIGHT = 16 * HOUR;

const minutesOf = (clock) => Number(clock.slice(0, 2)) * HOUR + Number(clock.slice(3, 5));
const halfOf = (clock) => (Number(clock.slice(0, 2)) >= 12 ? "오후" : "오전");
const faceOf = (clock) => `${Number(clock.slice(0, 2)) % 12 || 12}:${clock.slice(3, 5)}`;
const shown = (clock) => `${halfOf(clock)} ${faceOf(clock)}`;

function shownEnd(start, end) {
  if (start < end) return halfOf(start) === halfOf(end) ? faceOf(end) : shown(end);
  return isNightShift(minutesOf(start), minutesOf(end)) ? shown(end) : `다음 날 ${shown(end)}`;
}

/** Whether both texts are read as one night, so that the next day needn't be named. */
const isNightShift = (start, end) => end < 12 * HOUR && start >= 12 * HOUR && end + 24 * HOUR - start <= LONGEST_NIGHT;

/** Returns the text for an event's times, "" for one day without a time. */
export function timeText({ event_date: first, start_time: start, end_time: end, end_date: last = first }) {
  const isNextDay = start && end && end <= start;
  if (daysBetween(first, last) > (isNextDay ? 1 : 0)) {
    const year = last.slice(0, 4) === first.slice(0, 4) ? "" : `${last.slice(0, 4)}/`;
    const [month, day] = last.split("-").slice(1).map(Number);
    return `${start ? shown(start) : "종일"} (~${year}${month}/${day}${start && end ? ` ${shown(end)}` : ""})`;
  }
  if (!start) return "";
  return shown(start) + (end ? `~${shownEnd(start, end)}` : "");
}
