// Week and day, which have hours: loaded when one of them is shown for the first time.

import timeGridPlugin from "fullcalendar/timegrid";
import { createCalendarView } from "./calendar.js";

/** As `createCalendarView`. */
export const createTimesView = (root, options) => createCalendarView(root, { ...options, plugins: [timeGridPlugin], initialView: "timeGridWeek" });
