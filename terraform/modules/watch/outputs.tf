output "topic_arn" {
  description = "ARN of the topic that gets every message."
  value       = aws_sns_topic.this.arn
}
