"""Members of a clearing house, those who buy what they must sell, and the house that can lose."""
