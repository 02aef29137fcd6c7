// Runs before the first paint, so that a chosen theme never flashes. A browser may forbid to remember: then the system's.
(function () {
  'use strict';
  try {
    const theme = localStorage.getItem('fairlead-theme');
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  } catch { /* nothing is remembered here */ }
})();
