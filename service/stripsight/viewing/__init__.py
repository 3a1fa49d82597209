"""What people see of inspections: as they are answered, and those on record, with pictures."""
