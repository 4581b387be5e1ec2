"""Who is calling, and what they may do. Plugins bring the users and the rules; here they are asked."""
