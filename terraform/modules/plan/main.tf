# What the contracts ask for: databases, and jobs with what each may touch. Makes no resource itself.

locals {
  contract_files = fileset(var.repository, "contracts/*.{yaml,yml}")
  contracts      = [for file in sort(local.contract_files) : yamldecode(file("${var.repository}/${file}"))]
  tables         = { for contract in local.contracts : contract.domain => [for table in contract.schema : table.name] }
  # The models of dbt that are tables; a view of dbt's lives in the session of a job alone.
  marts = sort([
    for file in fileset(var.repository, "dbt/models/**/*.sql") : trimsuffix(basename(file), ".sql")
    if can(regex("materialized\\s*=\\s*['\"](table|incremental)['\"]", file("${var.repository}/${file}")))
  ])

  # Columns with personal data, of the tables that have any: every classification that the library does not call open,
  # in whatever case, that of a struct's field included.
  open_words = jsondecode(file("${var.repository}/glue_jobs/lakehouse/contracts/classifications.json")).open
  personal = { for name, columns in merge([
    for contract in local.contracts : {
      for table in contract.schema : table.name => [
        for column in table.properties : column.name if anytrue([
          for word in regexall("\"classification\":\"([^\"]*)\"", jsonencode(column)) :
          !contains(local.open_words, lower(trimspace(word[0])))
        ])
      ]
    }
  ]...) : name => columns if length(columns) > 0 }

  # The delete flag of each table that keeps deleted rows; of a change log or snapshots it is a column that silver adds.
  delete_flags = merge([
    for contract in local.contracts : {
      for pair in flatten([
        for table in contract.schema : [
          for property in try(table.customProperties, []) :
          { table = table.name, flag = property.property == "deleteFlag" ? tostring(property.value) : "is_deleted" }
          if contains(["deleteFlag", "operations", "snapshotShrinkLimitPercent"], property.property)
        ]
      ]) : pair.table => pair.flag
    }
  ]...)

  # The lists of which a contract makes a view of their elements (explode): paths, or mappings that say more.
  exploded = flatten([
    for contract in local.contracts : [
      for table in contract.schema : [
        for property in try(table.customProperties, []) : [
          for list in flatten([property.value]) : {
            table = table.name
            view  = try(list.name, "${table.name}_${replace(try(list.path, list), ".", "_")}")
          }
        ] if property.property == "explode"
      ]
    ]
  ])

  # The domains of which raw files go by their age (keepDays).
  aging = [
    for contract in local.contracts : contract.domain if anytrue(flatten([
      for table in contract.schema : [
        for property in try(table.customProperties, []) : can(property.value.raw) if property.property == "keepDays"
      ]
    ]))
  ]

  databases = {
    landing    = "Files as delivered, as the crawlers see them."
    bronze     = "Every readable row as delivered."
    silver     = "The latest truth per key."
    marts      = "Metrics that the business reads."
    quarantine = "Rows that cannot be read or broke a rule."
    pinned     = "Versions of tables that somebody keeps on purpose."
    ops        = "Records about batches, verdicts and builds."
    analytics  = "Views for the analysts."
  }
}

# Paths lie under curated/, those of raw in the raw bucket.
locals {
  domain_jobs = merge([
    for domain, tables in local.tables : {
      "ingest_${domain}" = {
        step        = "ingest"
        domain      = domain
        description = "Brings new files of ${domain} to bronze, and what cannot be read to quarantine."
        raw         = ["raw/${domain}"]
        reads       = []
        writes      = concat(["ops"], [for table in tables : "bronze/${table}"], [for table in tables : "quarantine/${table}"])
        published   = []
      }
      "validate_${domain}" = {
        step        = "validate"
        domain      = domain
        description = "Judges the bronze batches of ${domain} by their suites."
        raw         = []
        reads       = [for table in tables : "bronze/${table}"]
        writes      = concat(["ops", "docs/data_docs"], [for table in tables : "quarantine/${table}"])
        published   = []
      }
      "transform_${domain}" = {
        step        = "transform"
        domain      = domain
        description = "Merges the good rows of ${domain} into silver and builds its dbt models."
        raw         = []
        reads       = concat([for table in tables : "bronze/${table}"], [for table in tables : "quarantine/${table}"])
        writes      = concat(["ops"], [for table in tables : "silver/${table}"])
        published   = []
      }
      "publish_${domain}" = {
        step        = "publish"
        domain      = domain
        description = "Shows analysts the last good version of ${domain}."
        raw         = []
        reads       = concat([for table in tables : "silver/${table}"], [for table in tables : "quarantine/${table}"])
        writes      = ["ops", "athena_results/publish"]
        published = concat(
          [for table in tables : { database = "silver", name = table }],
          [for table in tables : { database = "quarantine", name = table }],
        )
      }
    }
  ]...)

  shared_jobs = {
    transform_marts = {
      step        = "transform"
      domain      = "marts"
      description = "Brings the marts up to date with silver."
      raw         = []
      reads       = ["silver"]
      writes      = ["ops", "marts"]
      published   = []
    }
    publish_marts = {
      step        = "publish"
      domain      = "marts"
      description = "Shows analysts the last good version of the marts, their views and docs."
      raw         = []
      # It proves every view against the lake as it is, and so looks into each layer; and it builds the site.
      reads  = ["bronze", "silver", "quarantine", "marts", "pinned", "docs/data_docs"]
      writes = ["ops", "docs/dbt", "docs/site", "athena_results/publish"]
      published = concat(
        [for mart in local.marts : { database = "marts", name = mart }],
        # The ledgers' names are the library's; those of pinned versions are chosen when somebody pins one.
        [for database in ["ops", "pinned"] : { database = database, name = "*" }],
        local.views,
      )
    }
    maintain_lakehouse = {
      step        = "maintain"
      domain      = null
      description = "Removes rows that are kept no longer, clusters what changed, removes files that no reader needs."
      raw         = []
      reads       = []
      writes      = ["ops", "bronze", "quarantine", "silver", "marts"]
      published   = []
    }
  }

  view_files = sort(fileset(var.repository, "dbt/athena_views/*.sql"))

  # What the views read: each word layer.table of their SQL, comments aside, that a contract or the library makes.
  view_words = distinct(flatten([
    for file in local.view_files : [
      for found in regexall(
        "\\b(bronze|silver|marts|quarantine|ops)\\.([a-z0-9_]+)",
        replace(replace(file("${var.repository}/${file}"), "/(?m)--.*$/", ""), "\"", ""),
      ) : { database = found[0], name = found[1] }
    ]
  ]))
  view_tables = distinct(concat(
    [
      for word in local.view_words : word
      if contains(["marts", "ops"], word.database) || contains(flatten(values(local.tables)), word.name)
    ],
    [for list in local.exploded : { database = "silver", name = list.table }],
  ))

  views = concat(
    [for file in local.view_files : { database = "analytics", name = trimsuffix(basename(file), ".sql") }],
    [for list in local.exploded : { database = "analytics", name = list.view }],
  )

  # A job needs the driver and an executor at least. Without a volume only the environment bounds it, as jobs over all
  # domains are: what they read depends on all of them.
  jobs = {
    for name, job in merge(local.domain_jobs, local.shared_jobs) : name => merge(job, {
      workers = min(var.workers.most, try(
        max(2, 1 + ceil(local.gigabytes[job.domain] / (var.workers.gigabytes * local.cores[var.workers.type] / 4))),
        var.workers.most,
      ))
    })
  }
}

# How much a delivery of each domain holds, where its contract says it, and the cores of a worker.
locals {
  units = { MB = 0.001, GB = 1, TB = 1000 }
  cores = { "G.1X" = 4, "G.2X" = 8, "G.4X" = 16, "G.8X" = 32, "R.1X" = 4, "R.2X" = 8, "R.4X" = 16, "R.8X" = 32 }
  gigabytes = merge([
    for contract in local.contracts : {
      for promise in contract.slaProperties : contract.domain => promise.value * local.units[promise.unit]
      if promise.property == "volume"
    }
  ]...)
}

# What each domain has beside its jobs.
locals {
  crawlers = { for domain in keys(local.tables) : "landing_${domain}" => { domain = domain, prefix = "raw/${domain}" } }
}
