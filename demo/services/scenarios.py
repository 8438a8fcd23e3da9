"""Five mistakes that engineers make. Each changes one setting of the shop's repository; what fails then, fails by
itself."""

SCENARIOS = {
    "database-crash": {
        "title": "the connection pool is too small for the checkouts at peak",
        "file": "config/database.yaml",
        "before": "    size: 20 ",
        "after": "    size: 2  ",
        "author": "Mara Lindqvist <mara@shop.example>",
        "subject": "Tune the connection pool for the smaller database instance",
        "body": "We moved to the small instance last week. Twenty connections each is more than it needs.",
    },
    "memory-leak": {
        "title": "the thumbnail cache keeps everything until the process is killed",
        "file": "config/cache.ini",
        "before": "max_entries = 8\n",
        "after": "max_entries = 0\n",
        "author": "Jonas Weber <jonas@shop.example>",
        "subject": "Keep decoded sheets in the cache",
        "body": "Decoding showed up in the profile. Without eviction each sheet is decoded once.",
    },
    "auth-failure": {
        "title": "payments rejects our tokens: they name the wrong audience",
        "file": "config/auth.toml",
        "before": 'audience = "payments"\n',
        "after": 'audience = "payments-api"\n',
        "author": "Priya Raman <priya@shop.example>",
        "subject": "Use the new naming scheme for token audiences",
        "body": "All audiences get the suffix -api, see the platform guild's note.",
    },
    "disk-full": {
        "title": "photos are kept until their volume is full",
        "file": "config/spool.properties",
        "before": "spool.max_files=16\n",
        "after": "spool.max_files=1600\n",
        "author": "Tomasz Nowak <tomasz@shop.example>",
        "subject": "Keep photos for a day so that moderators can look back",
        "body": "They asked for it: 16 is gone within seconds on a busy evening.",
    },
    "network-partition": {
        "title": "inventory is called on a port where nobody listens",
        "file": ".env",
        "before": "INVENTORY_PORT=8081 ",
        "after": "INVENTORY_PORT=8091 ",
        "author": "Mara Lindqvist <mara@shop.example>",
        "subject": "Follow inventory to its new port",
        "body": "Inventory moves behind the new proxy today.",
    },
}
