// What can be seen to be wrong in a form before it is sent. Pure. The server has the last word.

export const seconds = (count) => new Promise((resolve) => setTimeout(resolve, count * 1000));

/** Returns `[{field, message}]` for what the form holds. */
export function problemsOf(values, text) {
  const problems = [];
  const wrong = (field, key) => problems.push({ field, message: text(key) });
  if (values.title.trim() === "") wrong("title", "title_missing");
  if (values.event_date === "") wrong("event_date", "date_missing");
  if (values.end_date !== "" && values.end_date < values.event_date) wrong("end_date", "end_before_start");
  if (values.time_kind === "clock" && values.start_time === "") wrong("start_time", "start_missing");
  const isSameDay = values.end_date !== "" && values.end_date === values.event_date;
  if (values.time_kind === "clock" && isSameDay && values.end_time !== "" && values.end_time <= values.start_time) wrong("end_time", "end_before_start");
  if (values.recurrence !== "none" && values.repeat_ends === "until" && values.repeat_until < values.event_date) wrong("repeat_until", "end_before_start");
  return problems;
}
