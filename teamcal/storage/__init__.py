"""How DynamoDB is spoken to."""
