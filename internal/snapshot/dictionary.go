package snapshot

// pageDictionary primes the compression of small pages with the names that fill
// them. It is stored in every snapshot.
const pageDictionary = `[{"Identity":"Anonymous","FolderName":"Calendar","User":"Anonymous","AccessRights@odata.type":"#Collection(String)","AccessRights":["None"],` +
	`"SharingPermissionFlags":null,"IsValid":true,"ObjectState":"New"},{"Identity":"Default","FolderName":"Inbox","User":"Default","AccessRights@odata.type":"#Collection(String)",` +
	`"AccessRights":["AvailabilityOnly"],"SharingPermissionFlags":"Delegate, CanViewPrivateItems"},{"Identity":"","User":"NT AUTHORITY\\SELF","AccessRights@odata.type":"#Collection(String)",` +
	`"AccessRights":["FullAccess, ReadPermission"],"Deny":false,"InheritanceType":"All","IsInherited":false,"UserSid":"S-1-5-10","PrimarySmtpAddress":"","IsValid":true,"ObjectState":"Unchanged"},` +
	`{"Name":"Inbox","SearchFolder":false,"CreationTime@data.type":"System.DateTime","CreationTime":"2024-01-01T00:00:00.0000000Z","LastModifiedTime@data.type":"System.DateTime",` +
	`"LastModifiedTime":"2026-01-01T00:00:00.0000000Z","FolderPath":"/Inbox","FolderId":"LgAAAA","ParentFolder":null,"ContentFolder":true,"ContentMailboxGuid@data.type":"System.Guid",` +
	`"ContentMailboxGuid@odata.type":"#Guid","ContentMailboxGuid":"","FolderType":"User Created","Movable":true,"RecoverableItemsFolder":false,"ContainerClass":"IPF.Note","Flags":"None",` +
	`"TargetQuota":"User","StorageQuota":"Unlimited","StorageWarningQuota":"Unlimited","VisibleItemsInFolder@data.type":"System.Int32","VisibleItemsInFolder":0,"HiddenItemsInFolder":0,` +
	`"ItemsInFolder@data.type":"System.Int32","ItemsInFolder":0,"DeletedItemsInFolder":0,"FolderSize":"0 B (0 bytes)","ItemsInFolderAndSubfolders":0,"OldestItemReceivedDate":null},` +
	`{"Description":"","Enabled":true,"InError":false,"ErrorType":"None","Name":"Junk E-mail Rule","Priority@data.type":"System.Int32","Priority":1,"RuleIdentity@data.type":"System.UInt64",` +
	`"RuleIdentity@odata.type":"#Decimal","SupportedByTask":true,"ForwardAsAttachmentTo":null,"ForwardTo":null,"RedirectTo":null,"MoveToFolder":null,"DeleteMessage":false,"MarkAsRead":false,` +
	`"StopProcessingRules":true,"SubjectContainsWords":null,"BodyContainsWords":null,"From":null,"SentTo":null,"MailboxOwnerId":""}]`
