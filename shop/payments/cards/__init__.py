"""ご登録カード – members' cards, kept by the payment provider and never here. Knows no provider by name and no page."""
