"""What a request to AWS asks for in the words of IAM, and whether the policy of a role allows it."""
