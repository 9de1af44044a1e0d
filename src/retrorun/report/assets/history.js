// Pages over many sessions: filters.
(() => {
  "use strict";
})();
