// What one may, as far as the page can tell: it doesn't offer what the server would refuse. The server decides.
//
// A session is what GET /api/session answers; null as long as it isn't known.
// `role` of a department (viewer, editor, manager, administrator) comes with the list, with AUTH_MODE=token only.

const LEVELS = { viewer: 1, editor: 2, manager: 3, administrator: 4 };
export const ROLES = ["viewer", "editor", "manager"];
export const ACCESSES = ["open", "members", "private"];

export const isTokenMode = (session) => session?.mode === "token";
export const isNobody = (session) => isTokenMode(session) && session.kind === "nobody";
export const isUser = (session) => isTokenMode(session) && session.kind === "user";
/** Whose changes carry a name that he says himself. */
export const namesHimself = (session) => session !== null && !isNobody(session) && !isUser(session);

function levelIn(session, department) {
  if (session === null || department === undefined) return 0;
  if (!isTokenMode(session) || session.user?.admin) return LEVELS.administrator;
  // A department that was made just now, or that one sees since just now, until the list has said more.
  return LEVELS[department.role] ?? LEVELS.viewer;
}

export const mayEdit = (session, department) => levelIn(session, department) >= LEVELS.editor;
export const mayManage = (session, department) => levelIn(session, department) >= LEVELS.manager;
export const mayAdminister = (session) => session !== null && (!isTokenMode(session) || session.user?.admin === true);

/** Returns the departments that one may edit, as a Map. */
export const editable = (session, departments) =>
  new Map([...departments].filter(([, department]) => mayEdit(session, department)));

/** Whether two sessions are of the same person, so that what is shown needn't be loaded anew. */
export const isSame = (one, other) =>
  one?.mode === other?.mode && one?.kind === other?.kind && one?.user?.id === other?.user?.id &&
  String(one?.departments) === String(other?.departments);
