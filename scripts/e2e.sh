#!/usr/bin/env bash
# The tests in a real browser. npm is used here and nowhere else.
set -euo pipefail
cd "$(dirname "$0")/../e2e"

# The shell is Chromium without a window, and takes half the time of a whole Chromium whose window is not shown.
KEYWARD_CHROMIUM=${KEYWARD_CHROMIUM:-$(command -v chromium-headless-shell || command -v chromium || echo chromium)}
export KEYWARD_CHROMIUM
for program in node npm "$KEYWARD_CHROMIUM"; do
    command -v "$program" >/dev/null || { echo "SKIP browser: $program is not installed"; exit 0; }
done
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1
npm ci --no-audit --no-fund --silent </dev/null
npm test --silent </dev/null
