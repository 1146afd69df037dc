// What runs on every page.  Each file minds one thing and starts by itself.

import './actions.js'
import './calendar.js'
import './drawer.js'
import './keys.js'
import './later.js'
import './live.js'
import './pick.js'
import './queue.js'
import './theme.js'
