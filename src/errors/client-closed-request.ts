/** nginx's status for a caller that hung up. No client reads the answer, but the log and the metrics show it. */
export const CLIENT_CLOSED_REQUEST = 499;
