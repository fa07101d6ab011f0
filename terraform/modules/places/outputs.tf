output "documents" {
  description = "The policy documents, each small enough to be attached, and their names."
  value = concat(
    [for number, document in data.aws_iam_policy_document.places : { name = "places-${number}", json = document.json }],
    [for number, document in data.aws_iam_policy_document.removes : { name = "removes-${number}", json = document.json }],
  )
}
