// Where conversations are: with the host, or on this page alone.

import * as hostShelf from "./host-shelf.js";
import { keepsConversations } from "./host.js";
import * as pageShelf from "./page-shelf.js";

export const shelf = keepsConversations ? hostShelf : pageShelf;
