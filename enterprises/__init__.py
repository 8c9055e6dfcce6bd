"""参保单位: who they are, what they paid, how many they kept, how big they are."""
