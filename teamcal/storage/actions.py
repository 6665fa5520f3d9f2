"""What a DynamoDB transaction is made of."""

from typing import Any

Action = dict[str, dict[str, Any]]
"""One element of TransactItems: Update, Put, Delete or ConditionCheck."""
