# What a job may do in which places of S3, as policy documents. Makes no resource.

locals {
  # IAM takes 10,240 characters of inline policies a role and 6,144 of an attached one. What grows with the datasets of a
  # domain is attached, in pieces that fit with names as long as ours.
  places = chunklist(concat(
    [for grant in var.reads : merge(grant, { writes = false })],
    [for grant in var.writes : merge(grant, { writes = true })],
  ), 15)

  # The folders above what it writes. S3A looks whether they are there before it makes one, by a HEAD and a listing.
  above = [for number, grants in local.places : concat(distinct(flatten([
    for grant in grants : [
      for depth in range(1, length(split("/", grant.prefix)) + 1) :
      { bucket = grant.bucket, folder = join("/", slice(split("/", grant.prefix), 0, depth)) }
    ] if grant.writes
  ])), number == 0 ? local.logs_above : [])]

  # A copy of a table is made under a path where none is yet: Delta then looks for a log in each folder above it.
  logs_above = flatten([
    for place in var.copies : [
      for depth in range(0, length(split("/", place.prefix))) :
      { bucket = place.bucket, folder = join("/", concat(slice(split("/", place.prefix), 0, depth), ["_delta_log"])) }
    ]
  ])

  # What a job reads or writes it also lists.
  listed = [for grants in local.places : { for grant in grants : grant.bucket => grant.prefix... }]

  removes = chunklist(var.removes, 25)
}

data "aws_iam_policy_document" "places" {
  count = length(local.places)

  dynamic "statement" {
    for_each = anytrue([for grant in local.places[count.index] : !grant.writes]) ? [1] : []
    content {
      sid       = "ReadObjects"
      actions   = ["s3:GetObject"]
      resources = [for grant in local.places[count.index] : "arn:aws:s3:::${grant.bucket}/${grant.prefix}/*" if !grant.writes]
    }
  }

  dynamic "statement" {
    for_each = anytrue(local.places[count.index][*].writes) ? [1] : []
    content {
      sid       = "WriteObjects"
      actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
      resources = [for grant in local.places[count.index] : "arn:aws:s3:::${grant.bucket}/${grant.prefix}/*" if grant.writes]
    }
  }

  # No object has one of these names: the answer is that there is none, where without the right it would be a refusal.
  dynamic "statement" {
    for_each = length(local.above[count.index]) > 0 ? [1] : []
    content {
      sid       = "LookForFolders"
      actions   = ["s3:GetObject"]
      resources = [for place in local.above[count.index] : "arn:aws:s3:::${place.bucket}/${place.folder}"]
    }
  }

  dynamic "statement" {
    for_each = local.listed[count.index]
    content {
      sid       = "List${index(keys(local.listed[count.index]), statement.key)}"
      actions   = ["s3:ListBucket"]
      resources = ["arn:aws:s3:::${statement.key}"]

      condition {
        test     = "StringLike"
        variable = "s3:prefix"
        values = concat(
          flatten([for prefix in statement.value : [prefix, "${prefix}/*"]]),
          flatten([
            for place in local.above[count.index] : [place.folder, "${place.folder}/"] if place.bucket == statement.key
          ]),
        )
      }
    }
  }
}

# What goes by its age is not read: which file it is stands in the ledgers.
data "aws_iam_policy_document" "removes" {
  count = length(local.removes)

  statement {
    sid       = "RemoveObjects"
    actions   = ["s3:DeleteObject"]
    resources = [for grant in local.removes[count.index] : "arn:aws:s3:::${grant.bucket}/${grant.prefix}/*"]
  }

  dynamic "statement" {
    for_each = { for grant in local.removes[count.index] : grant.bucket => grant.prefix... }
    content {
      sid       = "ListWhatIsRemoved"
      actions   = ["s3:ListBucket"]
      resources = ["arn:aws:s3:::${statement.key}"]

      condition {
        test     = "StringLike"
        variable = "s3:prefix"
        values   = [for prefix in statement.value : "${prefix}/"]
      }
    }
  }
}
