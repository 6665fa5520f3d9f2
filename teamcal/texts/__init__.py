"""What people read, in Korean and English."""
